import type { ReactElement } from "react";

import classes from "./Dot.module.css";

/** The colour that a value has in every chart, beside its name. */
export function Dot({ colour }: { colour: string }): ReactElement {
  return <span className={classes.dot} style={{ background: colour }} />;
}
