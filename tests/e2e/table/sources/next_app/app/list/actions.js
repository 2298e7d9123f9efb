"use server";
import { revalidatePath } from "next/cache";
import { cookies } from "next/headers";
import { redirect } from "next/navigation";
import { shells } from "./store";

export async function add(form) {
  shells.push(form.get("what"));
  (await cookies()).set("latest", form.get("what"));
  revalidatePath("/list");
}

export async function empty() {
  shells.length = 0;
  redirect("/list");
}
