import { empty } from "../../list/actions";

export async function generateMetadata({ params }) {
  return { title: (await params).name };
}

export default async function Page({ params }) {
  const { name } = await params;
  return (
    <main>
      <p>One shell: {name}</p>
      <form action={empty}>
        <button id="empty">empty the list</button>
      </form>
    </main>
  );
}
