// What Streamlit hands to the script of a component, for `tsc`; no browser reads this file.

export interface Component<Data extends object> {
  /** What the Python function beside the script sent; `serial` rises with every draw that differs. */
  data: Data & { serial: number };
  /** Holds the component's own HTML. */
  parentElement: ShadowRoot;
  /** Sets a value of the component's state and asks for a run. */
  setStateValue(name: string, value: unknown): void;
  /** The same for a value that is there for one run only. */
  setTriggerValue(name: string, value: unknown): void;
}

/** A label of a scale; its place is a share of the width. */
export interface Tick {
  label: string;
  position: number;
}

/** Why cells are masked: the code that stands in the mask, and its name. */
export interface Reason {
  code: number;
  name: string;
}

/** Words of a chart: plain, their lines parted by line breaks, or lines of runs, each a text with its colour ("": as all). */
export type Words = string | [string, string][][];
