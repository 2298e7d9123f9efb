import Link from "next/link";

export const metadata = { title: { default: "Shells", template: "%s" } };

export default function Layout({ children }) {
  return (
    <html lang="en">
      <body>
        <nav>
          <Link href="/">home</Link> <Link href="/list">list</Link>
        </nav>
        {children}
      </body>
    </html>
  );
}
