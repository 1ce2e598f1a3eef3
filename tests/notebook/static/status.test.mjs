// The live card's logic, without a page: node --test tests/notebook/display/static/

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  LEAST,
  MANY,
  anchoredScroll,
  announcements,
  arrange,
  barParts,
  counting,
  emptyStore,
  emulatedNow,
  focusOf,
  foldedCount,
  learnSkew,
  level,
  lifeWords,
  maximumFirst,
  merge,
  phases,
  question,
  roundScale,
  rowsInView,
  timeoutAt,
  usageAt,
} from "../../../qmode_jupyter/notebook/static/status.js";

const AT_MS = 1_763_625_600_000;

const workload = (more = {}) => ({
  mode: "session",
  name: "vqe",
  backend: "generic_19q",
  state: "active",
  word: "In progress",
  accepting: true,
  reason: "",
  opened: 0,
  started: 10,
  closed: null,
  idle: { timeout: 60, deadline: null, note: "" },
  max: { timeout: 600, deadline: 610, note: "" },
  usage: 50,
  qpu: 20,
  usage_rate: 1,
  usd: 40,
  place: null,
  counts: {},
  history: [],
  ...more,
});

const message = (seq, more = {}) => ({
  v: 1,
  runtime: "r1",
  seq,
  whole: false,
  clock: { now: 100, at_ms: AT_MS, rate: 1, held: false, speed: "max", origin_ms: AT_MS - 100_000 },
  plan: { name: "premium", title: "Premium", usd_per_s: 0.8 },
  workloads: {},
  jobs: {},
  ...more,
});

const whole = (seq, more = {}) => message(seq, { whole: true, workloads: { w: workload() }, ...more });

const job = (state, t, more = {}) => ({ workload: "w", program: "sampler", state, t, usage: 0, ...more });

const filled = (more = {}) => {
  const store = emptyStore();
  merge(store, whole(1, more));
  return store;
};

// ---- merging

test("a delta that follows replaces the entries it has", () => {
  const store = filled({ jobs: { a: job("queued", [1]), b: job("queued", [2]) } });
  assert.equal(merge(store, message(2, { jobs: { a: job("done", [1, 2, 3, 4, 5]) } })), "delta");
  assert.equal(store.jobs.get("a").state, "done");
  assert.equal(store.jobs.get("b").state, "queued");
});

test("a number that is left out is a gap, and what came after it is taken all the same", () => {
  const store = filled();
  assert.equal(merge(store, message(3, { jobs: { a: job("queued", [1]) } })), "gap");
  assert.ok(store.jobs.has("a"));
  assert.equal(merge(store, message(4)), "gap", "still not complete");
  assert.equal(merge(store, whole(5)), "whole");
  assert.equal(merge(store, message(6)), "delta");
});

test("a page that starts with a delta has a gap", () => {
  assert.equal(merge(emptyStore(), message(7)), "gap");
});

test("another runtime's messages start from nothing", () => {
  const store = filled({ jobs: { a: job("queued", [1]) } });
  assert.equal(merge(store, message(2, { runtime: "r2" })), "gap");
  assert.equal(store.jobs.size, 0);
});

test("a whole snapshot forgets what is not in it", () => {
  const store = filled({ jobs: { a: job("queued", [1]) } });
  merge(store, whole(2, { jobs: { b: job("queued", [1]) } }));
  assert.deepEqual(store.order, ["b"]);
});

test("what is gone goes", () => {
  const store = filled({ jobs: { a: job("queued", [1]), b: job("queued", [2]) } });
  merge(store, message(2, { gone: ["a", "w"] }));
  assert.deepEqual([store.order, Object.keys(store.workloads)], [["b"], []]);
});

test("nothing and other formats change nothing", () => {
  const store = filled();
  assert.equal(merge(store, {}), "none");
  assert.equal(merge(store, undefined), "none");
  assert.equal(merge(store, { ...message(2), v: 2 }), "foreign");
  assert.equal(merge(store, message(2)), "delta");
});

test("jobs that arrive late stand where they were submitted", () => {
  const store = filled({ jobs: { c: job("queued", [3]) } });
  merge(store, message(2, { jobs: { a: job("queued", [1]), d: job("queued", [4]) } }));
  merge(store, message(3, { jobs: { b: job("queued", [2]) } }));
  assert.deepEqual(store.order, ["a", "b", "c", "d"]);
});

test("of jobs submitted in one instant, those that come later are older", () => {
  const store = filled({ jobs: { c: job("queued", [1]), d: job("queued", [1]) } });
  merge(store, message(2, { jobs: { a: job("queued", [1]), b: job("queued", [1]) } }));
  assert.deepEqual(store.order, ["a", "b", "c", "d"]);
});

test("the card is about the workload that the kernel names, else about the newest, open ones first", () => {
  const workloads = {
    old: workload({ opened: 1, closed: 9 }),
    open: workload({ opened: 2 }),
    new: workload({ opened: 3, closed: 8 }),
  };
  assert.equal(focusOf(filled({ workloads, focus: "old" })), "old");
  assert.equal(focusOf(filled({ workloads })), "open");
  assert.equal(focusOf(emptyStore()), null);
});

// ---- time

test("emulated time runs at its rate from the moment it was read", () => {
  const store = filled();
  assert.equal(emulatedNow(store, AT_MS + 2500), 102.5);
  store.clock = { ...store.clock, rate: 60 };
  assert.equal(emulatedNow(store, AT_MS + 2500), 250);
  store.clock = { ...store.clock, rate: 0 };
  assert.equal(emulatedNow(store, AT_MS + 2500), 100);
});

test("a page whose clock is behind does not run backwards", () => {
  assert.equal(emulatedNow(filled(), AT_MS - 5000), 100);
});

test("a page whose clock is minutes ahead learns it from what arrives", () => {
  const store = filled();
  learnSkew(store, AT_MS + 180_040);
  assert.equal(emulatedNow(store, AT_MS + 181_040), 101);
});

test("a little difference is the way of the message, not the clocks", () => {
  const store = filled();
  learnSkew(store, AT_MS + 300);
  assert.equal(store.skewMs, 0);
});

test("a timeout that counts has what is left of it, one that does not its whole length", () => {
  const w = workload({ idle: { timeout: 60, deadline: 147, note: "" } });
  assert.deepEqual(timeoutAt(w.idle, w, 100, true), {
    left: 47,
    total: 60,
    counting: true,
    level: "calm",
    note: "",
  });
  assert.equal(timeoutAt(w.idle, w, 200, true).left, 0, "never below nothing");
  const still = timeoutAt({ timeout: 60, deadline: null, note: "waits for 2 jobs" }, w, 100, true);
  assert.deepEqual([still.left, still.counting, still.note], [60, false, "waits for 2 jobs"]);
  assert.equal(timeoutAt(null, w, 100, true), null, "a job has none");
});

test("a closed workload keeps what was left of its maximum timeout", () => {
  const w = workload({ closed: 180, state: "closed", max: { timeout: 600, deadline: null, note: "" } });
  assert.equal(timeoutAt(w.max, w, 999, false).left, 430);
  assert.equal(timeoutAt(w.max, workload({ closed: 5, started: null }), 999, false).left, 600);
});

test("amber under a quarter, red under a tenth, nothing for a batch's one second", () => {
  assert.deepEqual(
    [15, 14.9, 6, 5.9].map((left) => level(left, 60)),
    ["calm", "soon", "soon", "urgent"],
  );
  assert.equal(level(0.05, 1), "calm");
});

test("the maximum timeout comes first when it would be over before the interactive one could be", () => {
  const idle = { total: 60, left: 60, counting: false };
  assert.equal(maximumFirst(idle, { counting: true, left: 59 }), true);
  assert.equal(maximumFirst(idle, { counting: true, left: 61 }), false);
  assert.equal(maximumFirst(null, { counting: true, left: 5 }), false);
});

test("usage and price grow while a session is active; the QPU's part only with a job on it", () => {
  const store = filled();
  assert.deepEqual(usageAt(workload(), store, 110), { usage: 60, qpu: 20, idle: 40, usd: 48 });
  assert.deepEqual(usageAt(workload({ counts: { on_qpu: 1 } }), store, 110), {
    usage: 60,
    qpu: 30,
    idle: 30,
    usd: 48,
  });
  assert.deepEqual(usageAt(workload({ usage_rate: 0, usd: null }), store, 110), {
    usage: 50,
    qpu: 20,
    idle: 30,
    usd: null,
  });
});

test("nothing ticks when nothing counts", () => {
  const store = filled();
  const idle = { timeout: 60, deadline: null };
  const still = workload({ usage_rate: 0, idle, max: { timeout: 600, deadline: null } });
  assert.equal(counting(store, workload()), true);
  assert.equal(counting(store, still), false);
  assert.equal(counting(store, { ...still, counts: { queued: 1 } }), true);
  assert.equal(counting(store, workload({ closed: 5 })), false);
  store.clock = { ...store.clock, rate: 0 };
  assert.equal(counting(store, workload()), false);
});

// ---- rows

const many = (states) => filled({ jobs: Object.fromEntries(states.map((s, i) => [`j${i}`, job(s, [i])])) });

test("few jobs are listed as they were submitted", () => {
  const { rows, folded } = arrange(many(["done", "failed", "on_qpu", "queued"]), "w", false);
  assert.deepEqual([rows, folded], [["j0", "j1", "j2", "j3"], 0]);
});

test("of many, those in lanes come first, then the newest; finished ones fold", () => {
  const states = [...Array(20).fill("done"), "on_qpu", "waiting", "preparing", ...Array(6).fill("queued")];
  const { rows, folded, foldable } = arrange(many(states), "w", false);
  assert.deepEqual(rows, ["j20", "j21", "j22", "j28", "j27", "j26", "j25", "j24", "j23"]);
  assert.deepEqual([folded, foldable], [20, true]);
});

test("the newest finished fill the list up, with the latest failures though they are old", () => {
  const states = ["failed", "failed", "failed", "failed", ...Array(20).fill("done"), "on_qpu"];
  const { rows, folded } = arrange(many(states), "w", false);
  assert.deepEqual(rows, ["j24", "j23", "j22", "j21", "j20", "j3", "j2", "j1"]);
  assert.equal(rows.length, LEAST);
  assert.equal(folded, 17);
});

test("jobs are in the order of many as soon as the counts say that there are many", () => {
  const store = many(["done", "on_qpu", "queued"]);
  store.workloads.w = workload({ counts: { done: MANY, on_qpu: 1, queued: 1 } });
  assert.deepEqual(arrange(store, "w", false).rows, ["j1", "j2", "j0"]);
});

test("jobs of a kind that there is none of any more are not listed", () => {
  const store = many([...Array(MANY).fill("done"), "on_qpu", "queued", "queued"]);
  store.workloads.w = workload({ counts: { done: MANY + 2, on_qpu: 1, queued: 0 } });
  const arranged = arrange(store, "w", false);
  assert.deepEqual(arranged.rows.slice(0, 2), ["j10", "j9"]);
  assert.equal(foldedCount(arranged, store, store.workloads.w), 5);
});

test("unfolded, every job is there, newest first", () => {
  const { rows, folded, foldable } = arrange(many(Array(30).fill("done")), "w", true);
  assert.deepEqual([rows.length, rows[0], folded, foldable], [30, "j29", 0, true]);
});

test("other workloads' jobs are not listed", () => {
  const store = filled({ jobs: { a: job("done", [1]), b: job("done", [2], { workload: "other" }) } });
  assert.deepEqual(arrange(store, "w", false).rows, ["a"]);
});

test("the fold counts finished jobs that this page has not heard of yet", () => {
  const store = many(Array(MANY + 1).fill("done"));
  const arranged = arrange(store, "w", false);
  assert.equal(foldedCount(arranged, store, workload({ counts: { done: 500 } })), 492);
  assert.equal(foldedCount(arranged, store, workload({ counts: {} })), 3);
});

test("only rows in view, and a few beside them, exist", () => {
  assert.deepEqual(rowsInView(0, 240, 30, 1000), { first: 0, last: 12 });
  assert.deepEqual(rowsInView(3000, 240, 30, 1000), { first: 96, last: 112 });
  assert.deepEqual(rowsInView(29_760, 240, 30, 1000), { first: 988, last: 1000 });
  assert.deepEqual(rowsInView(3000, 240, 30, 5), { first: 5, last: 5 }, "the list got shorter");
});

test("a row that is being read stays under the eye when others come in above it", () => {
  assert.equal(anchoredScroll(300, 30, 10, 15), 450);
  assert.equal(anchoredScroll(300, 30, 10, -1), 300, "it went");
});

// ---- bars

test("a job's phases last until the next one, the last until now or its end", () => {
  assert.deepEqual(
    phases(job("on_qpu", [0, 4, 6, 7]), 10).map(({ kind, seconds }) => [kind, seconds]),
    [
      ["queued", 4],
      ["preparing", 2],
      ["waiting", 1],
      ["on_qpu", 3],
    ],
  );
  assert.deepEqual(phases(job("cancelled", [0, null, null, null, 9]), 99), [{ kind: "queued", seconds: 9 }]);
  assert.deepEqual(
    phases(job("failed", [0, 4, null, null, 9]), 99).map((p) => p.seconds),
    [4, 5],
  );
});

test("a bar never overflows, and its last part says how it ended", () => {
  const parts = barParts(job("failed", [0, 4000, 4002, 4003, 4100]), 9999, 10);
  assert.ok(parts.reduce((sum, part) => sum + part.share, 0) <= 1 + 1e-9);
  assert.equal(parts.at(-1).kind, "failed");
  assert.equal(barParts(job("cancelled", [0, null, null, null, 9]), 99, 10)[0].kind, "cancelled");
  assert.equal(barParts(job("cancelled", [0, 1, 2, 3, 9], { code: 1305 }), 99, 10).at(-1).kind, "failed");
});

test("hours in the queue leave room for the rest", () => {
  const [queued, preparing] = barParts(job("on_qpu", [0, 36_000, 36_005, 36_005]), 36_010, 10);
  assert.ok(queued.share < 0.3);
  assert.equal(preparing.share, 0.35);
});

test("scales are round and do not change at every job", () => {
  assert.deepEqual([0.2, 1, 4, 11, 30, 31, 200, 4000].map(roundScale), [1, 1, 5, 15, 30, 60, 300, 6000]);
});

test("a life in words leaves out what took no time", () => {
  assert.equal(lifeWords(job("done", [0, 34, 36, 36, 44]), 99), "queued 34 s, preparing 2 s, on the QPU 8 s");
});

// ---- words for people who listen, questions for people who click

test("a screen reader hears of changed states and failures, not of every tick", () => {
  const before = { title: "session vqe", word: "Pending", reason: "", failed: 0 };
  assert.deepEqual(announcements(null, before), []);
  assert.deepEqual(announcements(before, before), []);
  assert.deepEqual(announcements(before, { ...before, word: "In progress" }), ["session vqe: In progress."]);
  assert.deepEqual(
    announcements(before, { ...before, word: "Closed", reason: "session_expired_by_max_ttl", failed: 2 }),
    ["session vqe: Closed, maximum timeout.", "2 jobs failed."],
  );
});

test("a click that costs nothing is not questioned", () => {
  assert.equal(question("cancel_all", workload({ counts: { done: 3 } })), "");
  assert.equal(
    question("cancel_all", workload({ counts: { queued: 3, on_qpu: 1 } })),
    "4 jobs have not finished. Their results will be lost.",
  );
  assert.match(
    question("close", workload({ counts: { queued: 1 } })),
    /^1 job has not finished and will run to the end/,
  );
});
