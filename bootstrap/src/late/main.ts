// What few visits need: loaded by the shell, into its own window, when something asks for it.

import type { Late } from "../messages/late";
import { dataUrl, wholePage } from "./opaque";
import { followPrinting } from "./print-copy";
import { problemText } from "./problem-texts";
import { signIn } from "./sign-in";
import { icon, manifest } from "./tab-files";
import { reportViolation } from "./violation-report";
import { showTree } from "./xml-tree";

export const late: Late = {
  wholePage,
  dataUrl,
  icon,
  followPrinting,
  manifest,
  reportViolation,
  problemText,
  showTree,
  signIn,
};
