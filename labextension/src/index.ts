/** The extension: status item, side panel, commands, and the way of a click to the kernel. */

import { ILabShell } from '@jupyterlab/application';
import type { JupyterFrontEnd, JupyterFrontEndPlugin } from '@jupyterlab/application';
import { ICommandPalette } from '@jupyterlab/apputils';
import { INotebookTracker } from '@jupyterlab/notebook';
import { ISettingRegistry } from '@jupyterlab/settingregistry';
import { IStatusBar } from '@jupyterlab/statusbar';

import { insertMode, loadExtension, showTimeline } from './cells';
import { listen } from './model/actions';
import type { IAction } from './model/actions';
import type { IAnswer } from './model/stream';
import { Pulse } from './model/pulse';
import { statusOf } from './model/status';
import { ticking } from './model/time';
import { Notebooks } from './notebooks';
import { StatusItem, WorkloadsPanel, icon } from './panelWidget';
import { StatusItemView } from './view/statusItem';

const ID = 'qmode-jupyter:plugin';

const CATEGORY = 'QPU Workloads';

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
  optional: [ICommandPalette, ISettingRegistry, IStatusBar, ILabShell],
  activate
};

function activate(
  app: JupyterFrontEnd,
  tracker: INotebookTracker,
  palette: ICommandPalette | null,
  settings: ISettingRegistry | null,
  statusBar: IStatusBar | null,
  labShell: ILabShell | null
): void {
  const { commands, shell } = app;
  const options = { ...DEFAULTS };
  // Drawn in a later frame, when all below is there.
  const pulse = new Pulse(draw);
  const changed = () => pulse.touch();
  const notebooks = new Notebooks(tracker, changed);
  const current = () => notebooks.current;

  const panel = new WorkloadsPanel(
    {
      act,
      get confirms() {
        return options.confirm;
      },
      timeline: workload => {
        const notebook = current();
        if (notebook) {
          void showTimeline(notebook.panel, workload, options.runTimeline);
        }
      },
      load: () => {
        const notebook = current();
        if (notebook) {
          void loadExtension(notebook.panel);
        }
      },
      insert: mode => void commands.execute(CommandIDs[mode])
    },
    changed
  );
  shell.add(panel, 'right', { rank: 900, type: 'QPU Workloads' });

  const item = new StatusItem(new StatusItemView(() => void commands.execute(CommandIDs.show)));
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
    const status = wanted ? statusOf(view, wallMs) : null;
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
    return view !== null && ticking(view) && (panel.isVisible || status !== null);
  }

  async function act(action: IAction): Promise<IAnswer> {
    return current()?.act(action) ?? { ok: false, error: 'There is no notebook to act on.' };
  }

  listen(document.body, () => notebooks.all());

  commands.addCommand(CommandIDs.show, {
    label: 'Show QPU Workloads',
    caption: 'The sessions, batches and jobs of the current notebook',
    icon,
    execute: () => shell.activateById(panel.id)
  });
  for (const mode of ['session', 'batch'] as const) {
    commands.addCommand(CommandIDs[mode], {
      label: `Insert a ${mode[0]!.toUpperCase()}${mode.slice(1)} Cell (%%q${mode})`,
      caption: `A cell whose jobs run in one ${mode}`,
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
    label: 'Close All Workloads of This Notebook',
    caption: 'No new jobs; those submitted run to their end',
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
    palette?.addItem({ command, category: CATEGORY });
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
