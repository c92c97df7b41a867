// What the model answers while weights are moved: asked of the server's JSON address, one question at a time. What is moved on
// to while one is under way is asked next, all between is left out, so that slow answers do not queue up.

/**
 * What is asked about.
 * @typedef {object} Live
 * @property {string} model
 * @property {string} text
 * @property {string} language In which it writes; empty where it has no choice.
 * @property {string[]} edits Codes of the operations that stand.
 * @property {string} block Whose row is moved.
 * @property {number} layer
 * @property {number} head
 * @property {number} query
 * @property {string} alone What ends the code of a weight set, the others being left as they are.
 */

/**
 * What a trace in JSON says of it.
 * @typedef {object} Told
 * @property {number[]} probabilities One a class.
 * @property {number[]} row The row of weights that the answer is of.
 */

/**
 * Asks about one row.
 * @param {Live} live
 * @param {string} place Of the row, as in a code.
 * @param {(told: Told, key: number) => void} answered Called with each answer that comes in time, and whose weight was moved.
 */
export function asking(live, place, answered) {
  /** @type {{ key: number, value: number } | null} */
  let next = null;
  let busy = false, over = false, warmed = false, round = 0;
  const work = async () => {
    busy = true;
    while (next && !over) {
      const { key, value } = next, asked = round;
      next = null;
      try {
        const answer = await fetch(address(live, place, key, value)), trace = answer.ok ? await answer.json() : null;
        if (trace && !over && asked === round) answered(told(trace, live.query), key);
      } catch {
        next = null; // the server is away: the page says so, and what is let go is sent all the same
      }
    }
    busy = false;
  };
  return {
    /** @param {number} key @param {number} value */
    ask: (key, value) => {
      next = { key, value };
      if (!busy) work();
    },
    /**
     * Has the server make ready what it needs for the first answer.
     * @param {number} key @param {number} value
     */
    warm: (key, value) => {
      if (!warmed) fetch(address(live, place, key, value)).catch(() => undefined);
      warmed = true;
    },
    /** Lets go of what was asked: its answer comes too late. */
    forget: () => { next = null; round += 1; },
    stop: () => { over = true; },
  };
}

/**
 * Where a weight of the row is asked about. A weight set once more takes the place of the last setting, as on the server.
 * @param {Live} live
 * @param {string} place Of the row, as in a code.
 * @param {number} key
 * @param {number} value
 */
function address(live, place, key, value) {
  const start = `set-${place}K${key}-`, last = live.edits.at(-1) ?? "";
  const before = last.startsWith(start) ? live.edits.slice(0, -1) : live.edits;
  const edits = [...before, `${start}${value.toFixed(4)}${live.alone}`].join(" ");
  const { model, text, language, block, layer, head } = live;
  const fields = { model, text, edits, block, layer: String(layer), head: String(head), ...(language ? { language } : {}) };
  return `api/trace?${new URLSearchParams(fields)}`;
}

/**
 * @param {any} trace
 * @param {number} query
 * @returns {Told}
 */
const told = (trace, query) => ({ probabilities: trace.output.probabilities, row: trace.blocks[0].weights[0][0][query] });
