import { Form, Link, useActionData, useLoaderData } from "react-router";

export const meta = () => [{ title: "All the tides" }];
export const loader = async () => ({ numbers: [1, 2, 3], at: new Date() });
export const action = async ({ request }) => ({ note: (await request.formData()).get("note") });

export default function Tides() {
  const { numbers, at } = useLoaderData();
  const sent = useActionData();
  return (
    <main>
      <h1>All the tides</h1>
      <p>{at instanceof Date ? "dates arrive" : "a date was lost"}</p>
      {numbers.map((number) => <Link key={number} to={`/tides/${number}`}>tide {number} </Link>)}
      <Form method="post">
        <input name="note" />
        <button>note</button>
      </Form>
      {sent && <p>noted: {sent.note}</p>}
    </main>
  );
}
