import { word } from "./word.js";

const [heading, field, later] = ["h1", "input", "p"].map((name) => document.createElement(name));
document.body.append(heading, field, later);
const show = () => {
  heading.textContent = `The word is ${word}`;
};
show();
import("./later.js").then(({ text }) => {
  later.textContent = text;
});
import.meta.webpackHot?.accept("./word.js", show);
