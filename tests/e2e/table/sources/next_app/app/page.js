import Image from "next/image";
import Counter from "./counter";

export default function Page() {
  return (
    <main>
      <h1>Shells of the shore</h1>
      <Image src="/shell.png" alt="a shell" width={320} height={240} />
      <Counter />
    </main>
  );
}
