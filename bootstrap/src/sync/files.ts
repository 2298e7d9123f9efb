// The files by which a response reaches a thread that waits: Chromium's older file system, the one
// store that such a thread can read, by a synchronous request to a `filesystem:` URL.

import { SYNC_FOLDER } from "../messages/sync-request";

/** What is used of it; no browser but Chromium has it. https://dev.w3.org/2009/dap/file-system/file-dir-sys.html */
interface Entry {
  readonly name: string;
  readonly isDirectory: boolean;
  toURL(): string;
  remove(): void;
  moveTo(folder: Folder, name: string): Entry;
}

interface Folder extends Entry {
  getDirectory(name: string, options: { create: boolean }): Folder;
  getFile(name: string, options: { create: boolean }): File;
  createReader(): { readEntries(): Entry[] };
  removeRecursively(): void;
}

interface File extends Entry {
  createWriter(): { write(data: Blob): void };
}

interface OlderFiles {
  webkitRequestFileSystemSync(type: number, bytes: number): { root: Folder };
}

const TEMPORARY = 0;
const EXPECTED_BYTES = 2 ** 20; // it is no limit

export class Files {
  private constructor(
    private readonly name: string,
    private folder: Folder,
  ) {}

  /** Rejects where storage is denied. */
  static async open(): Promise<Files> {
    const name = SYNC_FOLDER + crypto.randomUUID();
    await held(name);
    await removeLeft(rootFolder());
    return new Files(name, rootFolder().getDirectory(name, { create: true }));
  }

  get url(): string {
    return this.folder.toURL();
  }

  /** Whoever reads sees the whole file, or what was there before. */
  put(name: string, data: BlobPart): void {
    try {
      this.write(name, data);
    } catch {
      // The app has cleared its storage, and this with it.
      this.folder = rootFolder().getDirectory(this.name, { create: true });
      this.write(name, data);
    }
  }

  private write(name: string, data: BlobPart): void {
    const part = this.folder.getFile(`${name}.part`, { create: true });
    part.createWriter().write(new Blob([data]));
    part.moveTo(this.folder, name);
  }

  remove(name: string): void {
    try {
      this.folder.getFile(name, { create: false }).remove();
    } catch {
      // It is gone already.
    }
  }
}

function rootFolder(): Folder {
  const files = self as unknown as OlderFiles;
  return files.webkitRequestFileSystemSync(TEMPORARY, EXPECTED_BYTES).root;
}

// A lock of this name, for as long as this worker lives.
function held(name: string): Promise<void> {
  return new Promise((resolve) => {
    void navigator.locks.request(name, () => {
      resolve();
      return new Promise(() => undefined);
    });
  });
}

// Of workers that are gone.
async function removeLeft(root: Folder): Promise<void> {
  const found = root.createReader().readEntries();
  const { held = [] } = await navigator.locks.query();
  const alive = new Set(held.map(({ name }) => name));
  for (const entry of found)
    if (entry.name.startsWith(SYNC_FOLDER) && !alive.has(entry.name) && entry.isDirectory)
      (entry as Folder).removeRecursively();
}
