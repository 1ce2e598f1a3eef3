/**
 * The words and number formats of `qmode_jupyter/style/words.py`, for the page.
 *
 * One thing has one word everywhere: a test compares the tables here with those there.
 */

import type { ISeenWorkload } from './model';
import type { ICounts, JobState } from './protocol';

export const JOB_WORDS: Readonly<Record<JobState, string>> = {
  queued: 'queued',
  preparing: 'preparing',
  waiting: 'waiting for the QPU',
  on_qpu: 'on the QPU',
  done: 'done',
  failed: 'failed',
  cancelled: 'cancelled'
};

/** The order of a summary: what is finished first, then what is nearest to being finished. */
export const COUNT_ORDER: readonly JobState[] = [
  'done',
  'failed',
  'cancelled',
  'on_qpu',
  'waiting',
  'preparing',
  'queued'
];

export const CODE_WORDS: Readonly<Record<number, string>> = {
  1305: 'ran too long',
  1506: "circuits can't be read",
  1517: 'not an ISA circuit',
  1519: 'options exclude each other',
  1520: 'over a system limit',
  1521: 'options exclude each other',
  1522: 'dynamic circuit on Estimator',
  1603: "circuits can't be read",
  5201: 'timed out',
  9999: 'internal error'
};

export const STATE_REASON_WORDS: Readonly<Record<string, string>> = {
  session_created: '',
  session_closed_early: 'by close()',
  session_unused: 'no job in 30 min',
  session_expired_by_max_ttl: 'maximum timeout',
  session_closed_by_cost_limit: 'cost limit',
  session_inactivated_by_interactive_ttl: 'interactive timeout'
};

const MINUTE = 60;
const HOUR = 3600;
const DAY = 86400;

/** A length of time with its units: "40 ms", "0.4 s", "34 s", "3 min 20 s", "2 h 5 min". */
export function duration(seconds: number): string {
  const s = Math.max(0, seconds);
  if (s > 0 && s < 0.0995) {
    return `${Number((s * 1000).toPrecision(2))} ms`;
  }
  const tenths = Number(s.toFixed(1));
  if (tenths < 10) {
    return `${tenths} s`;
  }
  const whole = rounded(s);
  if (whole < MINUTE) {
    return `${whole} s`;
  }
  if (whole < HOUR) {
    return pair(whole, MINUTE, 'min', 1, 's');
  }
  if (whole < 2 * DAY) {
    return pair(rounded(whole / MINUTE) * MINUTE, HOUR, 'h', MINUTE, 'min');
  }
  return pair(rounded(whole / HOUR) * HOUR, DAY, 'd', HOUR, 'h');
}

/** Round as Python does: a half goes to the even neighbour. */
function rounded(number: number): number {
  const below = Math.floor(number);
  if (number - below !== 0.5) {
    return Math.round(number);
  }
  return below % 2 === 0 ? below : below + 1;
}

function pair(
  whole: number,
  largeSize: number,
  large: string,
  smallSize: number,
  small: string
): string {
  const many = Math.floor(whole / largeSize);
  const few = Math.floor((whole % largeSize) / smallSize);
  return few ? `${many} ${large} ${few} ${small}` : `${many} ${large}`;
}

/** A length of time as a clock shows it: "0:47", "7:12", "8:00:00"; not rounded up. */
export function clock(seconds: number): string {
  const whole = Math.floor(Math.max(0, seconds));
  const two = (n: number) => String(n).padStart(2, '0');
  const hours = Math.floor(whole / HOUR);
  const minutes = Math.floor((whole % HOUR) / MINUTE);
  return hours
    ? `${hours}:${two(minutes)}:${two(whole % MINUTE)}`
    : `${minutes}:${two(whole % MINUTE)}`;
}

/** What is left of a timeout, as a clock; 0:00 shows only when nothing is left. */
export function countdown(seconds: number): string {
  return clock(Math.ceil(seconds));
}

/** An amount of US dollars: "$0.80", "$268.80", "$320", "$12,345". */
export function money(usd: number): string {
  if (usd > 0 && usd < 0.01) {
    return 'under $0.01';
  }
  if (rounded(usd * 100) % 100 === 0 || usd >= 1000) {
    return `$${grouped(rounded(usd))}`;
  }
  return `$${usd.toFixed(2)}`;
}

/** An amount that is growing: always with its cents, so that it does not jump about. */
export function runningMoney(usd: number): string {
  return usd >= 1000 ? money(usd) : `$${usd.toFixed(2)}`;
}

/** Words whose numbers stay in one line with their units. */
export function unbroken(text: string): string {
  return text.replace(/(\d) (?=(?:d|h|min|s|ms)\b)/g, '$1\u00a0');
}

/** A number with its noun: "1 job", "1,000 jobs", "2 batches". */
export function count(number: number, noun: string): string {
  const plural = noun.endsWith('ch') ? `${noun}es` : `${noun}s`;
  return `${grouped(number)} ${number === 1 ? noun : plural}`;
}

/** A place in a queue: "1st", "2nd", "13th". */
export function ordinal(place: number): string {
  const teen = place % 100 >= 11 && place % 100 <= 13;
  const end = teen ? 'th' : (['th', 'st', 'nd', 'rd'][place % 10] ?? 'th');
  return `${grouped(place)}${end}`;
}

/** A job's state in words, with its place in the queue when it has one: "queued, 2nd". */
export function jobWord(state: JobState, place?: number | null): string {
  const word = JOB_WORDS[state] ?? state;
  return place && state === 'queued' ? `${word}, ${ordinal(place)}` : word;
}

/** How many jobs are in each state, leaving out the empty ones. */
export function counted(counts: ICounts): { state: JobState; text: string }[] {
  return COUNT_ORDER.filter(state => counts[state] > 0).map(state => ({
    state,
    text: `${grouped(counts[state])} ${JOB_WORDS[state]}`
  }));
}

/** An id shortened to what tells it apart from its neighbours: "d41f..k2". */
export function shortId(id: string): string {
  return id.length <= 8 ? id : `${id.slice(0, 4)}..${id.slice(-2)}`;
}

/** What to call a workload: "session vqe", or "session d41f..k2" when it has no name. */
export function workloadName(workload: Pick<ISeenWorkload, 'mode' | 'name' | 'id'>): string {
  return `${workload.mode} ${workload.name || shortId(workload.id)}`.trim();
}

/** Why a job failed, code first: "1517 not an ISA circuit". */
export function failure(code: number | undefined, reason: string | undefined): string {
  const said = code !== undefined ? CODE_WORDS[code] : undefined;
  const first = (reason ?? '').trim().split('\n')[0] ?? '';
  return [code, said ?? first.replace(/\.+$/, '')].filter(part => part || part === 0).join(' ');
}

/** Why a workload is in its state, in a few words; a reason not known stands as it is. */
export function stateReason(reason: string): string {
  return STATE_REASON_WORDS[reason] ?? reason.replaceAll('_', ' ').trim();
}

export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** The time of day at epoch milliseconds, where the reader is: "14:05:09". */
export function timeOfDay(ms: number): string {
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()]
    .map(part => String(part).padStart(2, '0'))
    .join(':');
}
