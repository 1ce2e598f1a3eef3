// The live card of one workload: state, what runs out, usage, price and its jobs.
//
// First comes what can be tested without a page: words, the merging of messages, arithmetic. Then the
// card itself, and last the two functions that anywidget calls. The kernel sends whole snapshots and
// deltas; between two messages everything that counts is counted here, from one timestamp.

// ---------------------------------------------------------------------------------------------------
// Words and numbers, the same as words.py has them

const NOTHING = "–";

export const WORKLOAD_WORDS = {
  open: "Pending",
  active: "In progress",
  inactive: "Inactive",
  closed: "Closed",
};

export const JOB_WORDS = {
  queued: "queued",
  preparing: "preparing",
  waiting: "waiting for the QPU",
  on_qpu: "on the QPU",
  done: "done",
  failed: "failed",
  cancelled: "cancelled",
};

const COUNT_ORDER = ["done", "failed", "cancelled", "on_qpu", "waiting", "preparing", "queued"];

const CODE_WORDS = {
  1305: "ran too long",
  1506: "circuits can't be read",
  1517: "not an ISA circuit",
  1519: "options exclude each other",
  1520: "over a system limit",
  1521: "options exclude each other",
  1522: "dynamic circuit on Estimator",
  1603: "circuits can't be read",
  5201: "timed out",
  9999: "internal error",
};

const REASON_WORDS = {
  session_created: "",
  session_closed_early: "by close()",
  session_unused: "no job in 30 min",
  session_expired_by_max_ttl: "maximum timeout",
  session_closed_by_cost_limit: "cost limit",
  session_inactivated_by_interactive_ttl: "interactive timeout",
};

const TOO_LONG = 1305;

function grouped(number) {
  return Math.round(number).toLocaleString("en-US");
}

/** Python's rounding: a half goes to the even neighbour. */
function rounded(number) {
  const below = Math.floor(number);
  const rest = number - below;
  if (rest !== 0.5) return Math.round(number);
  return below % 2 === 0 ? below : below + 1;
}

function pair(whole, largeS, large, smallS, small) {
  const many = Math.floor(whole / largeS);
  const few = Math.floor((whole % largeS) / smallS);
  return few ? `${many} ${large} ${few} ${small}` : `${many} ${large}`;
}

/** A length of time with its units: "40 ms", "0.4 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds) {
  if (seconds == null) return NOTHING;
  const s = Math.max(0, seconds);
  if (s > 0 && s < 0.0995) return `${Number((s * 1000).toPrecision(2))} ms`;
  const tenths = Number(s.toFixed(1));
  if (tenths < 10) return `${tenths} s`;
  const whole = rounded(s);
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return pair(whole, 60, "min", 1, "s");
  if (whole < 2 * 86400) return pair(rounded(whole / 60) * 60, 3600, "h", 60, "min");
  return pair(rounded(whole / 3600) * 3600, 86400, "d", 3600, "h");
}

/** A length of time as a clock shows it, whole seconds, not rounded up: "0:47", "8:00:00". */
export function clock(seconds) {
  if (seconds == null) return NOTHING;
  const whole = Math.floor(Math.max(0, seconds));
  const two = (n) => String(n).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}

/** What is left of a timeout; 0:00 shows only when nothing is left. */
export function countdown(seconds) {
  return seconds == null ? NOTHING : clock(Math.ceil(seconds));
}

export function money(usd) {
  if (usd > 0 && usd < 0.01) return "under $0.01";
  const cents = rounded(usd * 100);
  if (cents % 100 === 0 || usd >= 1000) return `$${grouped(rounded(usd))}`;
  return `$${usd.toFixed(2)}`;
}

/** An amount that is growing: always with its cents, so that it does not jump about. */
export function runningMoney(usd) {
  return usd >= 1000 ? money(usd) : `$${usd.toFixed(2)}`;
}

export function ordinal(place) {
  const teen = place % 100 >= 11 && place % 100 <= 13;
  return grouped(place) + (teen ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[place % 10] ?? "th"));
}

export function shortId(id) {
  return id.length <= 8 ? id : `${id.slice(0, 4)}..${id.slice(-2)}`;
}

export function workloadName(mode, name, id) {
  return `${mode} ${name || shortId(id ?? "")}`.trim();
}

export function jobWord(state, place) {
  const word = JOB_WORDS[state] ?? state;
  return place && state === "queued" ? `${word}, ${ordinal(place)}` : word;
}

export function counts(byState) {
  const parts = COUNT_ORDER.filter((s) => byState?.[s]).map((s) => `${grouped(byState[s])} ${JOB_WORDS[s]}`);
  return parts.join(", ") || "no jobs";
}

/** How a job counts: one that was stopped with 1305 has failed. */
export function outcome(state, code) {
  return state === "cancelled" && code === TOO_LONG ? "failed" : state;
}

/** Why a job failed, code first: "1517 not an ISA circuit". */
export function failure(code, reason) {
  const said = CODE_WORDS[code] ?? ((reason ?? "").trim().split("\n")[0] ?? "").replace(/\.+$/, "");
  return [code ?? "", said].filter((part) => part !== "").join(" ");
}

export function stateReason(reason) {
  return REASON_WORDS[reason] ?? (reason ?? "").replaceAll("_", " ").trim();
}

// ---------------------------------------------------------------------------------------------------
// The merged model of all messages so far

/** Wire format that this file reads. */
const FORMAT = 1;

export function emptyStore() {
  return {
    /** Whether a whole snapshot has come and nothing was missed since. */
    complete: false,
    seq: null,
    runtime: "",
    focus: null,
    clock: null,
    plan: null,
    workloads: {},
    jobs: new Map(),
    /** Ids of jobs, oldest submission first. */
    order: [],
    /** Milliseconds by which this page's clock is ahead of the kernel's. */
    skewMs: 0,
    bestOffsetMs: Infinity,
  };
}

/**
 * Put a new job where it was submitted. Of jobs of one instant, those in one message stay in its order,
 * and what comes in a later message is older: a kernel with much to tell sends the newest first.
 */
function place(store, id, submitted, fresh) {
  const { order, jobs } = store;
  const later = (other) => {
    const at = jobs.get(other)?.t?.[0] ?? 0;
    return at > submitted || (at === submitted && !fresh.has(other));
  };
  let at = order.length;
  while (at > 0 && later(order[at - 1])) at -= 1;
  order.splice(at, 0, id);
  fresh.add(id);
}

/**
 * Put a message into the store.
 *
 * Returns "none" (nothing in it), "foreign" (a format that this file can't read), "whole", "delta", or
 * "gap": something was missed, the kernel should be asked for a whole snapshot. The entries of a delta
 * are complete in themselves, so those that come after a gap are taken too.
 */
export function merge(store, message) {
  if (!message || message.v === undefined) return "none";
  if (message.v !== FORMAT) return "foreign";
  const stranger = message.runtime !== store.runtime;
  if (message.whole || stranger) {
    store.workloads = {};
    store.jobs = new Map();
    store.order = [];
    store.focus = null;
  }
  const gap = !message.whole && (stranger || !store.complete || message.seq !== store.seq + 1);
  store.complete = !gap;
  store.seq = message.seq;
  store.runtime = message.runtime;
  if (message.focus !== undefined) store.focus = message.focus;
  if (message.clock) store.clock = message.clock;
  if (message.plan) store.plan = message.plan;
  for (const id of message.gone ?? []) {
    delete store.workloads[id];
    if (store.jobs.delete(id)) store.order.splice(store.order.indexOf(id), 1);
  }
  Object.assign(store.workloads, message.workloads ?? {});
  const fresh = new Set();
  for (const [id, job] of Object.entries(message.jobs ?? {})) {
    if (!store.jobs.has(id)) place(store, id, job.t?.[0] ?? 0, fresh);
    store.jobs.set(id, job);
  }
  return gap ? "gap" : message.whole ? "whole" : "delta";
}

/** Clocks of page and kernel that differ by less than this are taken as equal. */
const SAME_CLOCK_MS = 2000;

/**
 * Learn from a message that arrived just now how far apart the clocks of page and kernel are: its
 * offset is that, plus the time that it was under way; the least one seen is the nearest to the truth.
 */
export function learnSkew(store, arrivedMs) {
  if (!store.clock) return;
  store.bestOffsetMs = Math.min(store.bestOffsetMs, arrivedMs - store.clock.at_ms);
  store.skewMs = Math.abs(store.bestOffsetMs) < SAME_CLOCK_MS ? 0 : store.bestOffsetMs;
}

/** The workload that the card is about: the one the kernel names, or the newest, open ones first. */
export function focusOf(store) {
  if (store.focus && store.workloads[store.focus]) return store.focus;
  const ids = Object.keys(store.workloads);
  const rank = (id) => [store.workloads[id].closed == null ? 1 : 0, store.workloads[id].opened ?? 0];
  ids.sort((a, b) => rank(b)[0] - rank(a)[0] || rank(b)[1] - rank(a)[1]);
  return ids[0] ?? null;
}

// ---------------------------------------------------------------------------------------------------
// What counts between two messages

/** Emulated seconds at a wall time (epoch milliseconds of this page). */
export function emulatedNow(store, wallMs) {
  const c = store.clock;
  if (!c) return 0;
  return c.now + (Math.max(0, wallMs - store.skewMs - c.at_ms) / 1000) * (c.rate ?? 0);
}

/** Below this, a timeout is over before a warning could be read: a batch's is one second. */
const WARN_FROM_S = 10;

/** "soon" under a quarter, "urgent" under a tenth. */
export function level(left, total) {
  if (!(total >= WARN_FROM_S)) return "calm";
  if (left < total / 10) return "urgent";
  return left < total / 4 ? "soon" : "calm";
}

/**
 * A timeout at emulated time `now`: what is left of it, whether it counts, how much of a hurry it is.
 * A workload that is closed keeps what was left of its maximum timeout.
 */
export function timeoutAt(limit, workload, now, pausing) {
  if (!limit) return null;
  const total = limit.timeout;
  if (workload.closed != null) {
    const used = pausing || workload.started == null ? 0 : workload.closed - workload.started;
    const left = Math.min(total, Math.max(0, total - used));
    return { left, total, counting: false, level: "calm", note: limit.note ?? "" };
  }
  if (limit.deadline == null) {
    return { left: total, total, counting: false, level: "calm", note: limit.note ?? "" };
  }
  const left = Math.min(total, Math.max(0, limit.deadline - now));
  return { left, total, counting: true, level: level(left, total), note: limit.note ?? "" };
}

/** Whether the maximum timeout would be over before the interactive one could be. */
export function maximumFirst(idle, max) {
  return Boolean(idle && max?.counting && max.left < idle.total);
}

/** Usage, its parts and its price at emulated time `now`. */
export function usageAt(workload, store, now) {
  const ran = Math.max(0, now - (store.clock?.now ?? now)) * (workload.usage_rate ?? 0);
  const usage = (workload.usage ?? 0) + ran;
  const onQpu = (workload.counts?.on_qpu ?? 0) > 0;
  const qpu = Math.min(usage, (workload.qpu ?? 0) + (onQpu ? ran : 0));
  const price = store.plan?.usd_per_s;
  const usd = workload.usd == null ? null : workload.usd + ran * (price ?? 0);
  return { usage, qpu, idle: Math.max(0, usage - qpu), usd };
}

/** Whether anything on the card changes by itself as time goes by. */
export function counting(store, workload) {
  if (!workload || workload.closed != null || !(store.clock?.rate > 0)) return false;
  return (
    unfinishedCount(workload) > 0 ||
    workload.idle?.deadline != null ||
    workload.max?.deadline != null ||
    workload.usage_rate > 0
  );
}

// ---------------------------------------------------------------------------------------------------
// Jobs: which rows, which of them are in view, how long their bars are

/** Up to here all jobs are listed as they were submitted. */
export const MANY = 10;
/** With more, the list is at least this long, filled up with the newest finished ones. */
export const LEAST = 8;
/** Failures that are shown though they are old. */
const KEPT_FAILURES = 3;

const STAGES = ["on_qpu", "waiting", "preparing", "queued"];

export function unfinished(job) {
  return STAGES.includes(job.state);
}

function unfinishedCount(workload) {
  return STAGES.reduce((sum, state) => sum + (workload.counts?.[state] ?? 0), 0);
}

/**
 * Choose and order the rows of a workload's jobs.
 *
 * Few are listed in order of submission. Of many, the unfinished come first (those in lanes, then the
 * newest), and of the finished the newest fill the list up, the latest failures before the others; the
 * rest folds away until `unfolded`.
 */
export function arrange(store, workload, unfolded) {
  const counts = store.workloads[workload]?.counts ?? {};
  // Of a thousand jobs it takes long to hear what became of each; how many there are of a kind, it doesn't.
  const past = (job) => counts[job.state] === 0 && unfinished(job);
  const mine = store.order.filter((id) => {
    const job = store.jobs.get(id);
    return job.workload === workload && !past(job);
  });
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (Math.max(mine.length, all) <= MANY) return { rows: mine, folded: 0, foldable: false };
  const stages = STAGES.map(() => []);
  const finished = [];
  for (let i = mine.length - 1; i >= 0; i -= 1) {
    const stage = STAGES.indexOf(store.jobs.get(mine[i]).state);
    (stage < 0 ? finished : stages[stage]).push(mine[i]);
  }
  const rows = stages.flat();
  const room = Math.max(0, LEAST - rows.length);
  if (unfolded || finished.length <= room) {
    return { rows: rows.concat(finished), folded: 0, foldable: finished.length > room };
  }
  const failed = finished
    .filter((id) => isFailure(store.jobs.get(id)))
    .slice(0, Math.min(KEPT_FAILURES, room));
  const shown = new Set(failed);
  for (const id of finished) {
    if (shown.size >= room) break;
    shown.add(id);
  }
  const kept = finished.filter((id) => shown.has(id));
  return { rows: rows.concat(kept), folded: finished.length - kept.length, foldable: true };
}

/** How many finished jobs are not listed, those included that this page has not heard of yet. */
export function foldedCount({ rows, folded }, store, workload) {
  const n = workload.counts ?? {};
  const listed = rows.filter((id) => !unfinished(store.jobs.get(id) ?? { state: "done" })).length;
  return Math.max(folded, (n.done ?? 0) + (n.failed ?? 0) + (n.cancelled ?? 0) - listed);
}

export function isFailure(job) {
  return outcome(job.state, job.code) === "failed";
}

/** The rows that must exist for a scroll position: [first, last) of `count`, `spare` beyond either edge. */
export function rowsInView(scrollTop, height, rowHeight, count, spare = 4) {
  const first = Math.max(0, Math.floor(scrollTop / rowHeight) - spare);
  const last = Math.min(count, Math.ceil((scrollTop + height) / rowHeight) + spare);
  return { first: Math.min(first, Math.max(0, last)), last };
}

/** Where to scroll to, so that a row which moved from one index to another stays under the eye. */
export function anchoredScroll(scrollTop, rowHeight, before, after) {
  return after < 0 ? scrollTop : Math.max(0, scrollTop + (after - before) * rowHeight);
}

const PHASES = ["queued", "preparing", "waiting", "on_qpu"];

/** A job's phases so far, in seconds. A phase that it passed through in no time is there with zero. */
export function phases(job, now) {
  const t = job.t ?? [];
  const ended = t[4] ?? null;
  const stop = ended ?? Math.max(now, ...t.filter((moment) => moment != null));
  const found = [];
  for (let i = 0; i < PHASES.length; i += 1) {
    if (t[i] == null) continue;
    const next = t.slice(i + 1, 4).find((moment) => moment != null) ?? stop;
    found.push({ kind: PHASES[i], seconds: Math.max(0, next - t[i]) });
  }
  return found;
}

/** Share of a bar that the queue can take up at most, however long it was. */
const QUEUE_SHARE = 0.3;

/** Round up to a length that a bar can stand for without changing at every job. */
export function roundScale(seconds) {
  const steps = [1, 2, 3, 5, 10, 15, 20, 30];
  let unit = 1;
  while (seconds > 30 * unit) unit *= unit === 1 ? 60 : 10;
  return unit * (steps.find((step) => seconds <= step * unit) ?? 60);
}

/**
 * The parts of a job's bar, as shares of its full width.
 *
 * The time in the lanes and on the QPU is to scale, `scale` seconds being the full bar; the time in the
 * queue, which can be hours, is pressed into the first third. The last part of a job that failed or was
 * cancelled says so.
 */
export function barParts(job, now, scale) {
  const found = phases(job, now);
  const end = outcome(job.state, job.code);
  const parts = found.map(({ kind, seconds }) => ({
    kind,
    share:
      kind === "queued"
        ? (QUEUE_SHARE * seconds) / (seconds + scale)
        : (1 - QUEUE_SHARE) * Math.min(1, seconds / scale),
  }));
  if (parts.length && (end === "failed" || end === "cancelled")) parts[parts.length - 1].kind = end;
  const sum = parts.reduce((total, part) => total + part.share, 0);
  return sum > 1 ? parts.map((part) => ({ ...part, share: part.share / sum })) : parts;
}

/** The time in lanes and on the QPU, which sets the scale of the bars. */
export function laneSeconds(job, now) {
  return phases(job, now).reduce((sum, { kind, seconds }) => sum + (kind === "queued" ? 0 : seconds), 0);
}

/** A job's life in words: "queued 34 s, preparing 2 s, on the QPU 8 s". */
export function lifeWords(job, now) {
  const said = phases(job, now).filter(({ seconds }) => seconds >= 0.05);
  return said.map(({ kind, seconds }) => `${JOB_WORDS[kind]} ${duration(seconds)}`).join(", ");
}

// ---------------------------------------------------------------------------------------------------
// What a screen reader is told

/** Sentences about what changed between two pictures of a workload; empty when nothing is worth one. */
export function announcements(before, after) {
  if (!before || !after) return [];
  const said = [];
  if (before.word !== after.word) {
    const why = stateReason(after.reason);
    said.push(`${after.title}: ${after.word}${why ? `, ${why}` : ""}.`);
  }
  const failed = after.failed - before.failed;
  if (failed > 0) said.push(`${failed === 1 ? "A job" : `${failed} jobs`} failed.`);
  return said;
}

/** What a click would cost, or "" when it costs nothing and needs no question. */
export function question(action, workload) {
  const open = unfinishedCount(workload);
  if (!open) return "";
  const jobs = open === 1 ? "1 job has" : `${grouped(open)} jobs have`;
  if (action === "close") {
    return `${jobs} not finished and will run to the end. Anything submitted after this is refused.`;
  }
  return `${jobs} not finished. Their results will be lost.`;
}

// ---------------------------------------------------------------------------------------------------
// Drawing: what text others wrote is only ever set as text

function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === "class") node.className = value;
    else if (value !== false && value != null) node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children);
  return node;
}

function say(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

function mark(node, name, value) {
  if (value == null || value === false) {
    if (node.hasAttribute(name)) node.removeAttribute(name);
  } else if (node.getAttribute(name) !== String(value)) {
    node.setAttribute(name, String(value));
  }
}

function show(node, shown) {
  if (node.hidden === Boolean(shown)) node.hidden = !shown;
}

/** Make a node have as many children as there are items, and draw each item into its child. */
function fill(node, items, make, draw) {
  while (node.childElementCount > items.length) node.lastChild.remove();
  items.forEach((item, i) => draw(node.children[i] ?? node.appendChild(make()), item));
}

/** Keep a number and its unit on one line. */
function unbroken(text) {
  return text.replace(/(\d) (s|min|h|d)\b/g, "$1\u00a0$2").replace(/(min|h|d) (\d)/g, "$1\u00a0$2");
}

function kindClass(kind) {
  return `qmode-is-${kind.replace("_", "-")}`;
}

function stopwatch(ms) {
  const at = new Date(ms);
  const two = (n) => String(n).padStart(2, "0");
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function wordOf(workload) {
  return workload.word || WORKLOAD_WORDS[workload.state] || workload.state;
}

// ---------------------------------------------------------------------------------------------------
// The head: state, name, buttons, and the question that a click may raise

/** After this a click without an answer is said to be under way. */
const PATIENCE_MS = 4000;

function button(text, name = "qmode-button") {
  return h("button", { type: "button", class: name }, text);
}

/** `clicks` tells which clicks are under way and carries them out; `redraw` draws the whole card now. */
function makeHead({ uid, on, clicks, redraw }) {
  const pill = h("span", { class: "qmode-pill" });
  const title = h("span", { class: "qmode-title" });
  const where = h("span", { class: "qmode-where" });
  const aside = h("span", { class: "qmode-aside" });
  const close = button("Close");
  const cancel = button("Cancel all");
  const buttons = h("span", { class: "qmode-buttons" }, close, cancel);
  const names = h("span", { class: "qmode-names" }, title, where, aside);
  const head = h("div", { class: "qmode-head" }, pill, names, buttons);

  const asked = h("span", { class: "qmode-asked", id: `${uid}-asked` });
  const yes = button("", "qmode-button qmode-yes");
  const no = button("");
  const dialog = { class: "qmode-ask", role: "alertdialog", "aria-labelledby": `${uid}-asked`, hidden: true };
  const ask = h("div", dialog, asked, h("span", { class: "qmode-buttons" }, no, yes));

  let asking = null;
  let current = null;

  function begin(action) {
    if (!current) return;
    if (!question(action, current.workload)) {
      clicks.raise(action, current.id);
      return;
    }
    asking = action;
    redraw();
    no.focus();
  }

  function end() {
    const back = asking === "close" ? close : cancel;
    asking = null;
    show(ask, false);
    back.disabled = false;
    back.focus();
  }

  on(close, "click", () => begin("close"));
  on(cancel, "click", () => begin("cancel_all"));
  on(no, "click", end);
  on(yes, "click", () => {
    const action = asking;
    end();
    if (current) clicks.raise(action, current.id);
  });
  on(ask, "keydown", (event) => {
    if (event.key !== "Escape") return;
    event.stopPropagation();
    end();
  });

  function drawButtons(id, workload, live) {
    const alone = workload.mode === "job";
    const busy = clicks.pending.get(id)?.action;
    show(buttons, live);
    show(close, !alone && workload.accepting !== false);
    show(cancel, !alone || unfinishedCount(workload) > 0);
    say(close, busy === "close" ? "Closing…" : "Close");
    say(cancel, busy === "cancel_all" ? "Cancelling…" : alone ? "Cancel" : "Cancel all");
    close.disabled = cancel.disabled = Boolean(busy || asking);
    mark(close, "title", "No new jobs; those submitted run to their end");
    mark(cancel, "title", "Cancel the jobs that have not finished");
  }

  function drawQuestion(workload, live) {
    const text = asking && live ? question(asking, workload) : "";
    if (!text) asking = null;
    show(ask, text);
    if (!text) return;
    say(asked, text);
    say(yes, asking === "close" ? `Close the ${workload.mode}` : "Cancel all");
    say(no, asking === "close" ? "Keep it open" : "Keep them");
  }

  return {
    nodes: [head, ask],
    /** Show that there is no workload. */
    clear() {
      current = null;
      show(buttons, false);
      show(ask, false);
      for (const node of [title, where, aside]) say(node, "");
      say(pill, WORKLOAD_WORDS.open);
      mark(pill, "data-state", "open");
    },
    draw(id, workload, alive) {
      current = { id, workload };
      const live = alive && workload.closed == null;
      const texts = [
        [title, workloadName(workload.mode, workload.name, id)],
        [where, workload.backend ? `on ${workload.backend}` : ""],
        [aside, asideOf(workload)],
      ];
      for (const [node, text] of texts) {
        say(node, text);
        mark(node, "title", text);
      }
      say(pill, wordOf(workload));
      mark(pill, "data-state", workload.state);
      drawQuestion(workload, live);
      drawButtons(id, workload, live);
    },
  };
}

/** What there is to say beside a workload's state: its place in the queue, why it waits or ended. */
export function asideOf(workload) {
  if (workload.closed != null) return stateReason(workload.reason);
  if (workload.state !== "active" && workload.place) return `${ordinal(workload.place)} in the queue`;
  if (workload.state === "inactive") return stateReason(workload.reason);
  return workload.accepting === false ? "no new jobs" : "";
}

// ---------------------------------------------------------------------------------------------------
// The figures: what runs out, what is used, what it would cost

function makeFigure(label) {
  const value = h("span", { class: "qmode-value" });
  const bar = h("span", { class: "qmode-fill" });
  const gauge = h("span", { class: "qmode-gauge", "aria-hidden": "true" }, bar);
  const note = h("span", { class: "qmode-note" });
  const name = h("span", { class: "qmode-label" }, label);
  const node = h(
    "div",
    { class: "qmode-figure", role: "group", "aria-label": label },
    name,
    value,
    gauge,
    note,
  );
  return {
    node,
    gauge,
    bar,
    put(text, about) {
      say(value, text);
      say(note, unbroken(about));
      mark(note, "title", about);
    },
  };
}

const HURRY = { soon: "under a quarter left", urgent: "under a tenth left" };

function makeFigures() {
  const idle = makeFigure("Interactive timeout");
  const max = makeFigure("Maximum timeout");
  const usage = makeFigure("Usage");
  const cost = makeFigure("Would cost");
  const rest = h("span", { class: "qmode-fill qmode-rest" });
  usage.gauge.append(rest);
  cost.gauge.remove();
  const node = h("div", { class: "qmode-figures" }, idle.node, max.node, usage.node, cost.node);

  function drawTimeout(figure, at, note, left) {
    show(figure.node, at);
    if (!at) return;
    figure.put(countdown(at.left), note);
    mark(figure.node, "data-level", at.level);
    mark(figure.node, "data-still", !at.counting);
    figure.bar.style.transform = `scaleX(${Math.min(1, left).toFixed(4)})`;
  }

  return {
    node,
    draw(workload, store, now) {
      const closed = workload.closed != null;
      const idleAt = timeoutAt(workload.idle, workload, now, true);
      const maxAt = timeoutAt(workload.max, workload, now, false);
      const share = (at, shown) => (at && shown ? at.left / at.total : 0);
      const atTheEnd = closed && maxAt ? `left of ${clock(maxAt.total)} at the end` : "";
      drawTimeout(
        idle,
        idleAt,
        timeoutNote(idleAt, "until a job comes", closed),
        share(idleAt, idleAt?.counting),
      );
      const maxNote = atTheEnd || timeoutNote(maxAt, "never pauses", closed);
      drawTimeout(max, maxAt, maxNote, share(maxAt, closed || maxAt?.counting));
      mark(node, "data-first", maximumFirst(idleAt, maxAt) ? "max" : null);
      mark(node, "data-alone", !idleAt && !maxAt);

      const u = usageAt(workload, store, closed ? (store.clock?.now ?? now) : now);
      usage.put(clock(u.usage), usageNote(u, workload));
      const onQpu = u.usage > 0 ? u.qpu / u.usage : 0;
      usage.bar.style.width = `${(onQpu * 100).toFixed(2)}%`;
      rest.style.width = u.usage > 0 ? `${((1 - onQpu) * 100).toFixed(2)}%` : "0";

      const plan = store.plan?.title ?? "";
      if (u.usd == null) cost.put("free", plan ? `on the ${plan} plan` : "");
      else cost.put(closed ? money(u.usd) : runningMoney(u.usd), plan ? `${plan}, estimate` : "estimate");
    },
  };
}

/** What stands below a timeout: of how much, in what hurry, or what it waits for. */
export function timeoutNote(at, otherwise, closed) {
  if (closed || !at) return "does not count any more";
  if (!at.counting) return at.note || "does not count now";
  return `of ${clock(at.total)}, ${HURRY[at.level] ?? (at.note || otherwise)}`;
}

/** What stands below the usage: its parts. */
export function usageNote({ usage, qpu, idle }, workload) {
  if (usage < 0.05) return "nothing charged yet";
  if (idle < 0.05 && workload.mode !== "session") return "all of it on the QPU";
  return `QPU ${duration(qpu)}, idle ${duration(idle)}`;
}

// ---------------------------------------------------------------------------------------------------
// The jobs

/** While the pointer moves over the rows, and this long after, they keep their order: none slips away. */
const STEADY_MS = 1500;

const LEGEND = [
  ["queued", "queued"],
  ["preparing", "preparing"],
  ["waiting", "waiting"],
  ["on_qpu", "QPU"],
];

function makeRow() {
  const cell = (name, ...children) => h("span", { class: name, role: "gridcell" }, ...children);
  const bar = h("span", { class: "qmode-bar", role: "img" });
  const why = h("span", { class: "qmode-why" });
  const cancel = h("button", { type: "button", class: "qmode-x", title: "Cancel this job" }, "×");
  const row = {
    id: cell("qmode-id"),
    program: cell("qmode-program"),
    state: cell("qmode-state"),
    bar,
    why,
    usage: cell("qmode-usage"),
    cancel,
    key: null,
    /** What the row shows; a row is drawn anew when its job is another object. */
    job: null,
    word: "",
    scale: 0,
  };
  const life = cell("qmode-life", bar, why);
  const parts = [row.id, row.program, row.state, life, row.usage, cell("qmode-end", cancel)];
  row.node = h("div", { class: "qmode-row", role: "row", tabindex: "-1" }, ...parts);
  return row;
}

function drawBar(row, job, now, scale) {
  row.scale = scale;
  fill(
    row.bar,
    barParts(job, now, scale),
    () => h("i"),
    (node, { kind, share }) => {
      const name = `qmode-part ${kindClass(kind)}`;
      if (node.className !== name) node.className = name;
      const width = `${(share * 100).toFixed(2)}%`;
      if (node.style.width !== width) node.style.width = width;
    },
  );
  const words = lifeWords(job, now) || "just submitted";
  mark(row.bar, "title", words);
  mark(row.bar, "aria-label", words);
}

function drawRow(row, { job, index, top, stop, open, busy, alive, now, scale }) {
  const state = outcome(job.state, job.code);
  const live = unfinished(job);
  const word = busy && live ? "cancelling" : jobWord(state, job.place);
  mark(row.node, "aria-rowindex", index + 2);
  mark(row.node, "tabindex", stop ? "0" : "-1");
  mark(row.cancel, "tabindex", stop ? "0" : "-1");
  mark(row.node, "data-open", open);
  if (row.node.style.transform !== top) row.node.style.transform = top;
  if (row.job !== job || row.word !== word) {
    const why = state === "failed" || state === "cancelled" ? failure(job.code, job.reason) : "";
    row.job = job;
    row.word = word;
    say(row.id, shortId(row.key));
    mark(row.id, "title", row.key);
    say(row.program, job.program ?? "");
    mark(row.program, "title", job.program);
    say(row.state, word);
    say(row.why, why);
    mark(row.why, "title", job.reason || why || null);
    mark(row.node, "data-state", state);
    mark(row.node, "data-why", Boolean(why));
    say(row.usage, job.usage ? duration(job.usage) : "");
    show(row.cancel, live && alive);
    row.cancel.disabled = Boolean(busy);
    mark(row.cancel, "aria-label", `Cancel job ${shortId(row.key)}`);
    drawBar(row, job, now, scale);
  } else if (live || row.scale !== scale) {
    drawBar(row, job, now, scale);
  }
}

/** A job's facts in full, for the place below the list. */
function detailsOf(id, job, now) {
  const facts = [
    ["job", id],
    ["state", jobWord(outcome(job.state, job.code), job.place)],
    ["life", lifeWords(job, now)],
    ["usage", job.usage ? duration(job.usage) : ""],
    ["code", job.code == null ? "" : String(job.code)],
    ["reason", job.reason ?? ""],
  ];
  return facts.filter(([, value]) => value);
}

/** `wall` is the time on this page's clock; the rest as for `makeHead`. */
function makeJobs({ uid, on, store, clicks, wall, draw: drawSoon }) {
  const header = (name, ...children) => h("span", { role: "columnheader", class: name }, ...children);
  const keysOf = LEGEND.map(([kind, word]) => {
    const swatch = h("i", { class: `qmode-swatch ${kindClass(kind)}`, "aria-hidden": "true" });
    return h("span", { class: "qmode-key" }, swatch, word);
  });
  const columns = h(
    "div",
    { class: "qmode-columns", role: "row" },
    ...["job", "primitive", "state"].map((name) => header("qmode-column", name)),
    header("qmode-legend", ...keysOf),
    header("qmode-usage", "usage"),
    header("qmode-end", h("span", { class: "qmode-unseen" }, "cancel")),
  );
  const runway = h("div", { class: "qmode-runway", role: "rowgroup" });
  const viewport = h("div", { class: "qmode-viewport", role: "presentation", tabindex: "-1" }, runway);
  const table = {
    class: "qmode-jobs",
    role: "grid",
    "aria-label": "Jobs",
    "aria-describedby": `${uid}-keys`,
  };
  const grid = h("div", table, columns, viewport);
  const hint = "Arrow keys move, Enter shows details, Delete cancels the job.";
  const keys = h("span", { class: "qmode-unseen", id: `${uid}-keys` }, hint);
  const fold = h("button", { type: "button", class: "qmode-fold", "aria-expanded": "false", hidden: true });
  const details = h("div", { class: "qmode-details", hidden: true });
  const empty = h("div", { class: "qmode-empty" });

  let arranged = { rows: [], folded: 0, foldable: false };
  /** Whether jobs changed since the rows were arranged. */
  let stale = true;
  let steadyUntil = 0;
  let unfolded = false;
  let rowHeight = 30;
  let alive = true;
  let scale = 1;
  let scaleOf = null;
  let activeId = null;
  let openId = null;
  const rows = new Map();
  const spare = [];

  const now = () => emulatedNow(store, wall());

  function rowOf(id) {
    let row = rows.get(id);
    if (!row) {
      row = spare.pop() ?? makeRow();
      row.key = id;
      row.job = null;
      rows.set(id, row);
      runway.append(row.node);
    }
    return row;
  }

  function release(id, row) {
    if (row.node.contains(document.activeElement)) viewport.focus();
    rows.delete(id);
    row.node.remove();
    spare.push(row);
  }

  function drawRows(at) {
    const { rows: ids } = arranged;
    const { first, last } = rowsInView(viewport.scrollTop, viewport.clientHeight, rowHeight, ids.length);
    const wanted = new Set(ids.slice(first, last));
    // One row is a stop for the Tab key: the one last used, or the topmost in view when that is not.
    const stop = wanted.has(activeId) ? activeId : ids[Math.ceil(viewport.scrollTop / rowHeight)];
    for (const [id, row] of rows) if (!wanted.has(id) || !store.jobs.has(id)) release(id, row);
    for (let index = first; index < last; index += 1) {
      const id = ids[index];
      const job = store.jobs.get(id);
      if (!job) continue;
      const top = `translateY(${index * rowHeight}px)`;
      const how = { stop: id === stop, open: id === openId, busy: clicks.pending.has(id), alive };
      drawRow(rowOf(id), { job, index, top, now: at, scale, ...how });
    }
  }

  function rearrange(workloadId, at) {
    const before = arranged.rows;
    const top = Math.min(before.length - 1, Math.floor(viewport.scrollTop / rowHeight));
    arranged = arrange(store, workloadId, unfolded);
    if (scaleOf !== workloadId) {
      scaleOf = workloadId;
      scale = 1;
    }
    for (const id of arranged.rows) scale = Math.max(scale, roundScale(laneSeconds(store.jobs.get(id), at)));
    if (!arranged.rows.includes(activeId)) activeId = null;
    const count = arranged.rows.length;
    const most = arranged.foldable || count > MANY ? LEAST : MANY;
    runway.style.height = `${count * rowHeight}px`;
    viewport.style.height = `${Math.min(count, most) * rowHeight}px`;
    mark(grid, "aria-rowcount", count + 1);
    if (viewport.scrollTop > 0 && top > 0) {
      const after = arranged.rows.indexOf(before[top]);
      viewport.scrollTop = anchoredScroll(viewport.scrollTop, rowHeight, top, after);
    }
  }

  function drawDetails(at) {
    const job = openId && store.jobs.get(openId);
    show(details, job);
    if (!job) return;
    const line = () => h("div", {}, h("b"), h("span"));
    fill(details, detailsOf(openId, job, at), line, (node, [name, value]) => {
      say(node.firstChild, name);
      say(node.lastChild, value);
    });
  }

  function go(index) {
    const count = arranged.rows.length;
    if (!count) return;
    const at = Math.min(count - 1, Math.max(0, index));
    const top = at * rowHeight;
    const beyond = top + rowHeight - viewport.clientHeight;
    activeId = arranged.rows[at];
    if (top < viewport.scrollTop) viewport.scrollTop = top;
    else if (beyond > viewport.scrollTop) viewport.scrollTop = beyond;
    drawRows(now());
    rows.get(activeId)?.node.focus({ preventScroll: true });
  }

  function cancel(id) {
    const job = store.jobs.get(id);
    if (job && alive && unfinished(job) && !clicks.pending.has(id)) clicks.raise("cancel_job", id);
  }

  function toggle(id) {
    openId = openId === id ? null : id;
    drawSoon();
  }

  function rearrangeSoon() {
    stale = true;
    steadyUntil = 0;
    drawSoon();
  }

  const idAt = (target) => {
    const node = target.closest(".qmode-row");
    return [...rows].find(([, row]) => row.node === node)?.[0];
  };

  on(grid, "keydown", (event) => {
    const { key } = event;
    if (event.target.closest("button") && (key === "Enter" || key === " ")) return;
    const at = arranged.rows.indexOf(activeId);
    const page = Math.max(1, Math.floor(viewport.clientHeight / rowHeight) - 1);
    const steps = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: page,
      PageUp: -page,
      Home: -Infinity,
      End: Infinity,
    };
    if (key in steps) go(at + steps[key]);
    else if (key === "Delete") cancel(activeId);
    else if (key === "Enter" || key === " ") toggle(activeId);
    else if (key === "Escape" && openId) toggle(openId);
    else return;
    event.preventDefault();
    // A notebook has its own meaning for these keys.
    event.stopPropagation();
  });
  on(grid, "focusin", (event) => {
    activeId = idAt(event.target) ?? activeId;
  });
  on(grid, "click", (event) => {
    const id = idAt(event.target);
    if (!id) return;
    activeId = id;
    if (event.target.closest(".qmode-x")) cancel(id);
    else toggle(id);
  });
  on(viewport, "pointermove", () => {
    steadyUntil = wall() + STEADY_MS;
  });
  on(viewport, "pointerleave", () => {
    steadyUntil = 0;
    if (stale) drawSoon();
  });
  on(viewport, "scroll", () => drawRows(now()), { passive: true });
  on(fold, "click", () => {
    unfolded = !unfolded;
    rearrangeSoon();
  });

  return {
    nodes: [grid, keys, fold, details, empty],
    /** Show that there is no workload, and why. */
    clear(why) {
      for (const node of [grid, fold, details]) show(node, false);
      show(empty, true);
      say(empty, why);
    },
    draw(id, workload, isAlive, at) {
      alive = isAlive;
      if (stale && wall() >= steadyUntil) {
        stale = false;
        rearrange(id, at);
      }
      const any = arranged.rows.length > 0;
      show(grid, any);
      show(empty, !any);
      say(
        empty,
        workload.closed != null
          ? "No job was submitted."
          : "No jobs yet: they show here as they are submitted.",
      );
      drawRows(at);
      const more = foldedCount(arranged, store, workload);
      show(fold, arranged.foldable);
      mark(fold, "aria-expanded", String(unfolded));
      say(
        fold,
        unfolded ? "Fold finished jobs" : `${grouped(more)} more finished ${more === 1 ? "job" : "jobs"}`,
      );
      drawDetails(at);
    },
    /** Note that jobs changed. */
    changed() {
      stale = true;
    },
    /** Draw every row anew: something besides its job changed. */
    forget() {
      for (const row of rows.values()) row.job = null;
    },
    resize(height) {
      if (!height || height === rowHeight) return;
      rowHeight = height;
      rearrangeSoon();
    },
    /** Whether the rows wait for the pointer to come to rest. */
    get held() {
      return stale;
    },
  };
}

// ---------------------------------------------------------------------------------------------------
// The foot: counts, the emulated clock, and the voice

function makeFoot() {
  const tally = h("span", { class: "qmode-tally" });
  const when = h("span", { class: "qmode-when" });
  const foot = h("div", { class: "qmode-foot" }, tally, when);
  const voice = h("div", { class: "qmode-unseen", "aria-live": "polite", "aria-atomic": "true" });
  let before = null;

  function speak(id, workload) {
    const title = workloadName(workload.mode, workload.name, id);
    const failed = workload.counts?.failed ?? 0;
    const after = { id, title, word: wordOf(workload), reason: workload.reason, failed };
    const said = before?.id === id ? announcements(before, after) : [];
    before = after;
    if (said.length) say(voice, said.join(" "));
  }

  return {
    nodes: [foot, voice],
    clear() {
      show(foot, false);
    },
    draw(id, workload, store, alive, now) {
      const n = workload.counts ?? {};
      const states = COUNT_ORDER.filter((state) => n[state]);
      fill(
        tally,
        states.length ? states : [null],
        () => h("span"),
        (node, state) => {
          mark(node, "data-state", state);
          say(node, state ? `${grouped(n[state])} ${JOB_WORDS[state]}` : "no jobs");
        },
      );
      const { origin_ms: origin = 0, speed, held } = store.clock ?? {};
      const time = stopwatch(origin + now * 1000);
      const waits = held && workload.closed == null ? ", held for a simulation" : "";
      say(when, alive ? `emulated ${time}, ×${speed}${waits}` : `the kernel is gone, last seen at ${time}`);
      show(foot, true);
      speak(id, workload);
    },
  };
}

// ---------------------------------------------------------------------------------------------------
// The card

const TICK_MS = 250;

let made = 0;

/**
 * Draw the card of a store into an element and keep it up to date.
 *
 * `act(detail, node)` carries out a click; the card shows that it is under way until the state it asked
 * for has come. Returns `{ update, answer, lost, dispose }`.
 */
export function makeCard(el, store, act) {
  const abort = new AbortController();
  const root = h("div", { class: "qmode" });
  let frame = 0;
  let timer = 0;
  let patience = 0;
  let onScreen = true;
  let alive = true;

  const clicks = {
    /** Ids of jobs and workloads with the action that is under way for them. */
    pending: new Map(),
    raise(action, id) {
      this.pending.set(id, { action });
      complain("");
      clearTimeout(patience);
      patience = setTimeout(() => {
        if (clicks.pending.size)
          complain("No answer from the kernel yet; it will come when the kernel is free.");
      }, PATIENCE_MS);
      act({ runtime: store.runtime, action, id }, root);
      draw();
    },
  };
  const shared = {
    uid: `qmode-${(made += 1)}-${Math.random().toString(36).slice(2, 8)}`,
    on: (target, type, listener, options = {}) =>
      target.addEventListener(type, listener, { ...options, signal: abort.signal }),
    store,
    clicks,
    wall: () => Date.now(),
    draw,
    redraw: paint,
  };
  const head = makeHead(shared);
  const figures = makeFigures();
  const jobs = makeJobs(shared);
  const foot = makeFoot();
  const trouble = h("div", { class: "qmode-trouble", role: "alert", hidden: true });
  const card = h(
    "section",
    { class: "qmode-card" },
    ...head.nodes,
    trouble,
    figures.node,
    ...jobs.nodes,
    ...foot.nodes,
  );
  root.append(card);
  el.append(root);

  function complain(text) {
    say(trouble, text);
    show(trouble, text);
  }

  /** Forget the clicks that have had their effect. */
  function settle() {
    for (const [id, { action }] of clicks.pending) {
      if (hadEffect(action, store.jobs.get(id), store.workloads[id])) clicks.pending.delete(id);
    }
    if (clicks.pending.size || !patience) return;
    clearTimeout(patience);
    patience = 0;
    complain("");
  }

  function draw() {
    if (!frame && onScreen) frame = requestAnimationFrame(paint);
  }

  function paint() {
    cancelAnimationFrame(frame);
    frame = 0;
    const id = focusOf(store);
    const workload = store.workloads[id];
    show(figures.node, workload);
    if (!workload) {
      head.clear();
      jobs.clear(store.clock ? "Nothing runs here." : "Waiting for the kernel.");
      foot.clear();
      return;
    }
    const now = emulatedNow(store, shared.wall());
    settle();
    mark(card, "data-state", workload.state);
    mark(card, "data-dead", !alive);
    mark(card, "aria-label", `${workloadName(workload.mode, workload.name, id)} on ${workload.backend}`);
    head.draw(id, workload, alive);
    figures.draw(workload, store, now);
    jobs.draw(id, workload, alive, now);
    foot.draw(id, workload, store, alive, now);
    tick(workload);
  }

  /** Draw again and again while something counts that can be seen, and only then. */
  function tick(workload) {
    const wanted =
      alive && onScreen && !document.hidden && workload && (counting(store, workload) || jobs.held);
    if (wanted && !timer) timer = setInterval(draw, TICK_MS);
    if (wanted || !timer) return;
    clearInterval(timer);
    timer = 0;
  }

  const rest = () => tick(store.workloads[focusOf(store)]);
  const inView = new IntersectionObserver((entries) => {
    onScreen = entries[entries.length - 1].isIntersecting;
    if (onScreen) draw();
    else rest();
  });
  const sized = new ResizeObserver(() => {
    jobs.resize(parseFloat(getComputedStyle(card).getPropertyValue("--qmode-row")));
    draw();
  });
  inView.observe(root);
  sized.observe(root);
  shared.on(document, "visibilitychange", () => (document.hidden ? rest() : draw()));
  shared.on(root, "qmode:answer", (event) => answer(event.detail));

  function answer(detail) {
    if (detail?.ok !== false) return;
    if (detail.id) clicks.pending.delete(detail.id);
    else clicks.pending.clear();
    clearTimeout(patience);
    patience = 0;
    complain(detail.error || "The kernel refused.");
    jobs.forget();
    draw();
  }

  paint();

  return {
    update() {
      jobs.changed();
      draw();
    },
    answer,
    /** The kernel is gone: what is known stands still. */
    lost() {
      alive = false;
      if (store.clock?.rate) {
        const now = emulatedNow(store, shared.wall());
        store.clock = { ...store.clock, now, at_ms: shared.wall() - store.skewMs, rate: 0 };
      }
      jobs.forget();
      draw();
    },
    dispose() {
      abort.abort();
      inView.disconnect();
      sized.disconnect();
      cancelAnimationFrame(frame);
      clearInterval(timer);
      clearTimeout(patience);
      root.remove();
    },
  };
}

/** Whether what a click asked for has come about. */
export function hadEffect(action, job, workload) {
  if (job) return !unfinished(job);
  if (!workload || workload.closed != null) return true;
  return action === "close" ? workload.accepting === false : !unfinishedCount(workload);
}

// ---------------------------------------------------------------------------------------------------
// What anywidget calls

const ASK_AGAIN_MS = 1000;

/** One of these per model; its views share the store. */
export default function widget() {
  const store = emptyStore();
  const cards = new Set();
  let attached = false;
  let askedAt = -Infinity;

  function take(model, arrived) {
    const message = model.get("state");
    const kind = merge(store, message);
    if (kind === "none" || kind === "foreign") return;
    if (arrived) learnSkew(store, Date.now());
    if (kind === "gap" && performance.now() - askedAt >= ASK_AGAIN_MS) {
      askedAt = performance.now();
      model.send({ runtime: store.runtime, action: "snapshot", id: focusOf(store) ?? "" });
    }
    for (const card of cards) card.update();
  }

  function attach(model) {
    if (attached) return () => {};
    attached = true;
    const changed = () => take(model, true);
    const told = (content) => {
      if (content?.qmode === "answer") for (const card of cards) card.answer(content);
    };
    const gone = () => {
      for (const card of cards) card.lost();
    };
    model.on("change:state", changed);
    model.on("msg:custom", told);
    model.on("comm_live_update", gone);
    take(model, false);
    return () => {
      attached = false;
      model.off("change:state", changed);
      model.off("msg:custom", told);
      model.off("comm_live_update", gone);
    };
  }

  return {
    initialize({ model }) {
      return attach(model);
    },
    render({ model, el }) {
      const detach = attach(model);
      const card = makeCard(el, store, (detail, node) => {
        const event = new CustomEvent("qmode:action", {
          bubbles: true,
          composed: true,
          cancelable: true,
          detail,
        });
        if (node.dispatchEvent(event)) model.send(detail);
      });
      cards.add(card);
      return () => {
        cards.delete(card);
        card.dispose();
        detach();
      };
    },
  };
}
