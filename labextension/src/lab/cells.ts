/** Putting cells into a notebook. */

import { NotebookActions } from '@jupyterlab/notebook';
import type { NotebookPanel } from '@jupyterlab/notebook';

import { LOAD, loads, modeCell, timelineCell } from './cellText';

/** Insert a code cell below the active one, which it then is; returns false in a read-only notebook. */
function insert(panel: NotebookPanel, source: string): boolean {
  const notebook = panel.content;
  if (!notebook.model || notebook.model.readOnly) {
    return false;
  }
  const active = notebook.activeCell;
  if (active?.model.type === 'code' && active.model.sharedModel.getSource().trim() === '') {
    active.model.sharedModel.setSource(source);
    return true;
  }
  NotebookActions.insertBelow(notebook);
  NotebookActions.changeCellType(notebook, 'code');
  notebook.activeCell?.model.sharedModel.setSource(source);
  return true;
}

async function run(panel: NotebookPanel): Promise<void> {
  await NotebookActions.run(panel.content, panel.sessionContext);
}

/** Load the extension: by a cell, so that the notebook says so when it is run again. */
export async function loadExtension(panel: NotebookPanel): Promise<void> {
  if (insert(panel, LOAD)) {
    await run(panel);
  }
}

/**
 * Insert a cell of a mode and put the cursor under its magic.
 *
 * @param loaded - whether the kernel knows the magic; a notebook that doesn't load it anywhere gets
 *   a cell that does.
 */
export async function insertMode(
  panel: NotebookPanel,
  mode: 'session' | 'batch',
  loaded: boolean
): Promise<void> {
  const sources = [...(panel.content.model?.cells ?? [])].map(cell => cell.sharedModel.getSource());
  if (!loaded && !loads(sources) && insert(panel, LOAD)) {
    void run(panel); // Its cell stays the active one.
  }
  const source = modeCell(mode);
  const cell = insert(panel, source) ? panel.content.activeCell : null;
  if (cell) {
    panel.content.mode = 'edit';
    await cell.ready;
    cell.editor?.setCursorPosition({ line: source.split('\n').length - 1, column: 0 });
    cell.editor?.focus();
  }
}

/** Insert a cell with a workload's timeline; it is drawn as soon as the kernel is free. */
export async function showTimeline(
  panel: NotebookPanel,
  workload: string,
  runIt: boolean
): Promise<void> {
  if (insert(panel, timelineCell(workload)) && runIt) {
    await run(panel);
  }
}
