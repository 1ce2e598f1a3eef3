/** Which cells are put into a notebook, and what they say. */

export const LOAD = '%load_ext qmode_jupyter';

/** A cell of a mode, for a person to write code under. */
export function modeCell(mode: 'session' | 'batch'): string {
  return `%%q${mode}\n# ${mode}, backend, Sampler and Estimator are there to use\n`;
}

export function timelineCell(workload: string): string {
  return `%qmode timeline ${workload}`;
}

/** Whether one of a notebook's cells loads the extension. */
export function loads(sources: Iterable<string>): boolean {
  for (const source of sources) {
    if (/^\s*%(?:re)?load_ext\s+qmode_jupyter\b/m.test(source)) {
      return true;
    }
  }
  return false;
}
