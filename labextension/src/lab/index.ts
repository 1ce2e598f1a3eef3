/** The extension: status item, side panel, commands, and the way of a click to the kernel. */

import { ILabShell } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';
import { ITranslator, nullTranslator } from '@jupyterlab/translation';

import type { IAction, IAnswer } from '../core/actions';
import { ticking } from '../core/clock';
import { Pulse } from '../view/pulse';
import { listen } from './actions';
import { insertMode, loadExtension, showTimeline } from './cells';
import { Notebooks } from './notebooks';
import { PanelView } from './panel';
import { StatusItem, WorkloadsPanel, icon } from './panelWidget';
import { statusOf } from './status';
import { StatusItemView } from './statusItem';

const ID = 'qmode-jupyter:plugin';

/** The commands; other extensions and shortcuts may use them. */
export namespace CommandIDs {
  export const show = 'qmode:show';
  export const session = 'qmode:insert-session';
  export const batch = 'qmode:insert-batch';
  export const closeAll = 'qmode:close-all';
}

const DEFAULTS = { showStatusItem: true, showTopItem: true, confirm: true, runTimeline: true };

const plugin: JupyterFrontEndPlugin<void> = {
  id: ID,
  description: 'Shows the sessions, batches and jobs of the current notebook, and acts on them.',
  autoStart: true,
  requires: [INotebookTracker],
  optional: [ICommandPalette, ISettingRegistry, IStatusBar, ILabShell, ITranslator],
  activate
};

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  palette: ICommandPalette | null,
  settings: ISettingRegistry | null,
  statusBar: IStatusBar | null,
  labShell: ILabShell | null,
  translator: ITranslator | null
): void {
  const { commands, shell } = app;
  const trans = (translator ?? nullTranslator).load('qmode_jupyter');
  const options = { ...DEFAULTS };
  // Drawn in a later frame, when all below is there.
  const pulse = new Pulse(draw);
  const changed = () => pulse.touch();
  const notebooks = new Notebooks(tracker, trans);
  const current = () => notebooks.current;
  notebooks.changed.connect(changed);

  const view = new PanelView({ act, confirms: () => options.confirm, trans });
  view.changed.connect(changed);
  view.timelineWanted.connect((_, workload) => {
    const notebook = current();
    if (notebook) {
      void showTimeline(notebook.panel, workload, options.runTimeline);
    }
  });
  view.loadWanted.connect(() => {
    const notebook = current();
    if (notebook) {
      void loadExtension(notebook.panel);
    }
  });
  view.cellWanted.connect((_, mode) => void commands.execute(CommandIDs[mode]));
  const panel = new WorkloadsPanel(view, trans);
  panel.shown.connect(changed);
  shell.add(panel, 'right', { rank: 900, type: 'QPU Workloads' });

  const item = new StatusItem(new StatusItemView(trans));
  item.view.clicked.connect(() => void commands.execute(CommandIDs.show));
  item.hide();
  if (statusBar) {
    statusBar.registerStatusItem(ID, { item, align: 'left', rank: 900 });
  } else {
    shell.add(item, 'top', { rank: 900 });
  }

  /** Draw what is in sight; returns whether it changes by itself. */
  function draw(): boolean {
    const notebook = current();
    const stream = notebook?.stream ?? null;
    const view = stream?.view ?? null;
    const wallMs = stream?.wallMs() ?? 0;
    const wanted = statusBar ? options.showStatusItem : options.showTopItem;
    const status = wanted ? statusOf(view, wallMs, trans) : null;
    item.view.render(status);
    item.setHidden(status === null);
    if (panel.isVisible) {
      panel.view.render({
        notebook: notebook?.panel.title.label ?? null,
        view,
        notice: stream?.notice ?? '',
        wallMs
      });
    }
    const waits = panel.isVisible && panel.view.held;
    return waits || (view !== null && ticking(view) && (panel.isVisible || status !== null));
  }

  async function act(action: IAction): Promise<IAnswer> {
    return (
      current()?.act(action) ?? { ok: false, error: trans.__('There is no notebook to act on.') }
    );
  }

  listen(document.body, () => notebooks.all());

  commands.addCommand(CommandIDs.show, {
    label: trans.__('Show QPU Workloads'),
    caption: trans.__('The sessions, batches and jobs of the current notebook'),
    icon,
    execute: () => shell.activateById(panel.id)
  });
  const modes = [
    {
      mode: 'session',
      label: trans.__('Insert a Session Cell (%1)', '%%qsession'),
      caption: trans.__('A cell whose jobs run in one session')
    },
    {
      mode: 'batch',
      label: trans.__('Insert a Batch Cell (%1)', '%%qbatch'),
      caption: trans.__('A cell whose jobs run in one batch')
    }
  ] as const;
  for (const { mode, label, caption } of modes) {
    commands.addCommand(CommandIDs[mode], {
      label,
      caption,
      isEnabled: () => current() !== null,
      execute: async () => {
        const notebook = current();
        if (notebook) {
          await insertMode(notebook.panel, mode, notebook.view !== null);
        }
      }
    });
  }
  commands.addCommand(CommandIDs.closeAll, {
    label: trans.__('Close All Workloads of This Notebook'),
    caption: trans.__('No new jobs; those submitted run to their end'),
    isEnabled: () => current()?.view != null,
    execute: () => {
      const view = current()?.view;
      if (view) {
        shell.activateById(panel.id);
        pulse.touch();
        panel.view.closeAll(view);
      }
    }
  });
  for (const command of Object.values(CommandIDs)) {
    palette?.addItem({ command, category: trans.__('QPU Workloads') });
  }

  tracker.currentChanged.connect(() => {
    commands.notifyCommandChanged();
  });
  labShell?.layoutModified.connect(changed);
  changed();

  void settings
    ?.load(ID)
    .then(loaded => {
      const read = () => {
        Object.assign(options, DEFAULTS, loaded.composite);
        pulse.touch();
      };
      loaded.changed.connect(read);
      read();
    })
    .catch(reason => console.error('The settings of QPU Workloads were not read.', reason));
}

export default plugin;
