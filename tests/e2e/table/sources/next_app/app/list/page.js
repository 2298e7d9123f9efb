import { cookies } from "next/headers";
import Link from "next/link";
import { add } from "./actions";
import { shells } from "./store";

export const dynamic = "force-dynamic";

export default async function Page() {
  const latest = (await cookies()).get("latest")?.value ?? "none";
  return (
    <main>
      <p>
        The list has {shells.length}, the latest is {latest}
      </p>
      <form action={add}>
        <input name="what" />
        <button>add</button>
      </form>
      <ul>
        {shells.map((name) => (
          <li key={name}>
            <Link href={`/shell/${name}`}>{name}</Link>
          </li>
        ))}
      </ul>
    </main>
  );
}
