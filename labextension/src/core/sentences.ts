/** What is said of a workload beside its state, and what a screen reader is told. */

import type { ISeenWorkload } from './model';
import { ordinal, stateReason, workloadName } from './words';

/** Its place in the queue, or why it waits or ended; empty when there is nothing to say. */
export function aside(workload: ISeenWorkload): string {
  const { state, place, accepting, reason } = workload;
  if (state === 'closed') {
    return stateReason(reason);
  }
  if (state !== 'active' && place !== null) {
    return `${ordinal(place)} in the queue`;
  }
  return state === 'inactive' ? stateReason(reason) : accepting ? '' : 'no new jobs';
}

/** What of a workload is worth a sentence when it changes. */
export interface IHeard {
  id: string;
  title: string;
  word: string;
  reason: string;
  failed: number;
}

export function heard(workload: ISeenWorkload): IHeard {
  const { id, word, reason, counts } = workload;
  return { id, title: workloadName(workload), word, reason, failed: counts.failed };
}

/** Sentences about what changed since; empty when nothing is worth one. */
export function announcement(before: IHeard | null, after: IHeard): string {
  if (before?.id !== after.id) {
    return '';
  }
  const said: string[] = [];
  if (before.word !== after.word) {
    const why = stateReason(after.reason);
    said.push(`${after.title}: ${after.word}${why ? `, ${why}` : ''}.`);
  }
  const failed = after.failed - before.failed;
  if (failed > 0) {
    said.push(`${failed === 1 ? 'A job' : `${failed} jobs`} failed.`);
  }
  return said.join(' ');
}
