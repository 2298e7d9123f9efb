import { useLoaderData } from "react-router";

export const meta = ({ params }) => [{ title: `Tide ${params.number}` }];
export const loader = async ({ params }) => ({ number: params.number });

export default function Tide() {
  return <h1>Tide {useLoaderData().number}: rendered at the server</h1>;
}
