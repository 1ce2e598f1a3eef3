/** The plugin among stand-ins of JupyterLab's packages: what it registers, hears, sends and puts in. */

import { beforeEach, describe, expect, it, vi } from 'vitest';

import plugin from '../lab/index';
import { AT, atWork, delta, whole } from './made';

// What jsdom has none of: Lumino's drag and drop asks for the one, the list of jobs for the other.
vi.hoisted(() =>
  Object.assign(globalThis, {
    DragEvent: class extends Event {},
    ResizeObserver: class {
      observe(): void {}
      disconnect(): void {}
    }
  })
);

vi.mock('@jupyterlab/application', () => ({ ILabShell: 'ILabShell' }));
vi.mock('@jupyterlab/apputils', () => ({ ICommandPalette: 'ICommandPalette' }));
vi.mock('@jupyterlab/settingregistry', () => ({ ISettingRegistry: 'ISettingRegistry' }));
vi.mock('@jupyterlab/statusbar', () => ({ IStatusBar: 'IStatusBar' }));
vi.mock('@jupyterlab/ui-components', () => ({ LabIcon: class {} }));
vi.mock('@jupyterlab/services', () => {
  const is = (type: string) => (message: { header: { msg_type: string } }) =>
    message.header.msg_type === type;
  return {
    KernelMessage: {
      createMessage: (options: { msgType: string }) => ({
        ...options,
        header: { msg_type: options.msgType }
      }),
      isCommOpenMsg: is('comm_open'),
      isCommMsgMsg: is('comm_msg'),
      isCommCloseMsg: is('comm_close')
    }
  };
});
vi.mock('@jupyterlab/notebook', () => ({
  INotebookTracker: 'INotebookTracker',
  NotebookActions: {
    insertBelow: (notebook: Notebook) => notebook.insertBelow(),
    changeCellType: () => undefined,
    run: (notebook: Notebook) => notebook.run()
  }
}));

class Signal<T> {
  connect(slot: (sender: unknown, value: T) => void, self?: unknown): void {
    this._slots.push([slot, self]);
  }
  disconnect(slot: unknown, self?: unknown): void {
    this._slots = this._slots.filter(([one, of]) => one !== slot || of !== self);
  }
  emit(value: T, sender: unknown = null): void {
    [...this._slots].forEach(([slot, self]) => slot.call(self, sender, value));
  }
  private _slots: [(sender: unknown, value: T) => void, unknown][] = [];
}

interface IAsked {
  msgType: string;
  channel: string;
  content: Record<string, unknown>;
}

class Kernel {
  clientId = 'page';
  username = '';
  isDisposed = false;
  connectionStatus = 'connected';
  iopubMessage = new Signal<unknown>();
  statusChanged = new Signal<string>();
  connectionStatusChanged = new Signal<string>();
  targets: Record<string, unknown> = {};
  asked: IAsked[] = [];
  /** What the kernel answers; null: nothing, as to a message that it does not know. */
  answers = (asked: IAsked): unknown =>
    asked.msgType === 'comm_info_request' ? { comms: {} } : { ok: true };

  registerCommTarget(name: string, accept: unknown): void {
    this.targets[name] = accept;
  }
  removeCommTarget(name: string): void {
    delete this.targets[name];
  }
  sendControlMessage(message: IAsked) {
    const { msgType, channel, content } = message;
    this.asked.push({ msgType, channel, content });
    const answer = this.answers(message);
    const future = {
      onReply: (_: unknown): void => undefined,
      done: new Promise(() => undefined),
      dispose: vi.fn()
    };
    if (answer !== null) {
      queueMicrotask(() => future.onReply({ content: answer }));
    }
    return future;
  }
  says(type: string, content: unknown): void {
    this.iopubMessage.emit({ header: { msg_type: type }, content });
  }
  opens(data: unknown = whole(atWork()), target = 'qmode.status'): void {
    this.says('comm_open', { comm_id: 'c1', target_name: target, data });
  }
}

class Cell {
  constructor(public source: string) {}
  model = {
    type: 'code',
    sharedModel: {
      getSource: () => this.source,
      setSource: (text: string) => void (this.source = text)
    }
  };
  get sharedModel() {
    return this.model.sharedModel;
  }
  ready = Promise.resolve();
  editor = { setCursorPosition: vi.fn(), focus: vi.fn() };
}

class Notebook {
  constructor(...sources: string[]) {
    this.cells = sources.map(source => new Cell(source));
  }
  cells: Cell[];
  at = 0;
  mode = 'command';
  ran: string[] = [];
  readOnly = false;
  get model() {
    return { readOnly: this.readOnly, cells: this.cells };
  }
  get activeCell(): Cell {
    return this.cells[this.at]!;
  }
  insertBelow(): void {
    this.cells.splice(++this.at, 0, new Cell(''));
  }
  async run(): Promise<boolean> {
    this.ran.push(this.activeCell.source);
    return true;
  }
  sources(): string[] {
    return this.cells.map(cell => cell.source);
  }
}

class Panel {
  constructor(
    public content: Notebook,
    public kernel: Kernel
  ) {
    this.sessionContext = { session: { kernel }, kernelChanged: new Signal() };
  }
  title = { label: 'vqe.ipynb' };
  disposed = new Signal<void>();
  sessionContext: { session: { kernel: Kernel } | null; kernelChanged: Signal<unknown> };
}

interface IItem {
  node: HTMLElement;
  isHidden: boolean;
  isVisible: boolean;
  id: string;
}

/** A page with one notebook. Those of earlier tests still listen: runtimes are told apart by their ids. */
function jupyter({ statusBar = true, settings = {} as object, sources = ['1 + 1'] } = {}) {
  const kernel = new Kernel();
  const panel = new Panel(new Notebook(...sources), kernel);
  const tracker = {
    currentWidget: panel as Panel | null,
    forEach: (each: (panel: Panel) => void) => each(panel),
    widgetAdded: new Signal<Panel>(),
    currentChanged: new Signal<void>()
  };
  const added: Record<string, IItem> = {};
  const commands = new Map<
    string,
    { label: string; execute: () => unknown; isEnabled?: () => boolean }
  >();
  const app = {
    shell: {
      add: (widget: IItem, area: string) => {
        added[area] = widget;
        document.body.append(widget.node);
      },
      activateById: vi.fn(() => {
        Object.defineProperty(added.right, 'isVisible', { get: () => true, configurable: true });
      })
    },
    commands: {
      addCommand: (id: string, command: never) => void commands.set(id, command),
      execute: (id: string) => commands.get(id)!.execute(),
      notifyCommandChanged: () => undefined
    }
  };
  const palette: string[] = [];
  const registry = {
    load: async () => ({ composite: settings, changed: new Signal() })
  };
  void plugin.activate(
    app as never,
    tracker as never,
    { addItem: (item: { command: string }) => palette.push(item.command) } as never,
    registry as never,
    statusBar
      ? {
          registerStatusItem: (_: string, { item }: { item: IItem }) => {
            added.status = item;
            document.body.append(item.node);
          }
        }
      : null,
    null,
    null
  );
  return { kernel, panel, tracker, added, app, commands, palette };
}

/** Let what was touched be drawn, and promises come through. */
async function drawn(): Promise<void> {
  await new Promise(resolve => setTimeout(resolve, 40));
}

beforeEach(() => {
  document.body.replaceChildren();
  vi.spyOn(Date, 'now').mockReturnValue(AT);
});

describe('JupyterLab', () => {
  it('gets a status item, a side panel and commands', async () => {
    const { added, palette } = jupyter();
    await drawn();
    expect(Object.keys(added).sort()).toEqual(['right', 'status']);
    expect(added.status!.isHidden).toBe(true);
    expect(palette).toEqual([
      'qmode:show',
      'qmode:insert-session',
      'qmode:insert-batch',
      'qmode:close-all'
    ]);
  });

  it('shows the status as soon as the kernel opens its comm, and follows it', async () => {
    const { kernel, added } = jupyter();
    expect(kernel.targets).toHaveProperty('qmode.status');
    kernel.opens(whole(), 'jupyter.widget');
    await drawn();
    expect(added.status!.isHidden).toBe(true);
    kernel.opens();
    await drawn();
    expect(added.status!.isHidden).toBe(false);
    expect(added.status!.node.textContent).toMatch('In progress');
    const { w1 } = atWork().workloads!;
    kernel.says('comm_msg', {
      comm_id: 'c1',
      data: delta(1, { workloads: { w1: { ...w1!, state: 'inactive', word: 'Inactive' } } })
    });
    await drawn();
    expect(added.status!.node.textContent).toMatch('Inactive');
  });

  it('forgets everything at a restart, and when the notebook goes', async () => {
    const { kernel, added, tracker, panel } = jupyter();
    kernel.opens();
    kernel.statusChanged.emit('restarting');
    await drawn();
    expect(added.status!.isHidden).toBe(true);
    kernel.opens();
    tracker.currentWidget = null;
    panel.disposed.emit();
    await drawn();
    expect(added.status!.isHidden).toBe(true);
    expect(kernel.targets).toEqual({});
  });

  it('follows a notebook to another kernel', async () => {
    const { kernel, added, panel } = jupyter();
    kernel.opens();
    const next = new Kernel();
    panel.sessionContext.session = { kernel: next };
    panel.sessionContext.kernelChanged.emit(null, panel.sessionContext);
    kernel.opens();
    await drawn();
    expect(added.status!.isHidden).toBe(true);
    next.opens();
    await drawn();
    expect(added.status!.isHidden).toBe(false);
  });

  it('leaves the status item out when the person does not want it', async () => {
    const { kernel, added } = jupyter({ settings: { showStatusItem: false } });
    kernel.opens();
    await drawn();
    expect(added.status!.isHidden).toBe(true);
  });
});

it('Notebook, which has no status bar, gets the item in the top bar', async () => {
  const { kernel, added } = jupyter({ statusBar: false });
  kernel.opens();
  await drawn();
  expect(Object.keys(added).sort()).toEqual(['right', 'top']);
  expect(added.top!.isHidden).toBe(false);
});

describe('the control channel', () => {
  it('finds the comm after a page reload, and brings the whole', async () => {
    const { kernel, added } = jupyter();
    kernel.answers = asked =>
      asked.msgType === 'comm_info_request'
        ? { comms: { c1: { target_name: 'qmode.status' } } }
        : { ok: true, comm: 'c1', snapshot: whole(atWork()) };
    kernel.connectionStatusChanged.emit('connected');
    await drawn();
    expect(kernel.asked.slice(-2)).toEqual([
      {
        msgType: 'comm_info_request',
        channel: 'control',
        content: { target_name: 'qmode.status' }
      },
      { msgType: 'qmode_request', channel: 'control', content: { action: 'snapshot' } }
    ]);
    expect(added.status!.node.textContent).toMatch('In progress');
  });

  it('carries the clicks of a widget to its kernel', async () => {
    const { kernel } = jupyter();
    kernel.opens(whole({ runtime: 'here1' }));
    const detail = { runtime: 'here1', action: 'cancel_job', id: 'j1' };
    const event = new CustomEvent('qmode:action', { bubbles: true, cancelable: true, detail });
    document.body.dispatchEvent(event);
    expect(event.defaultPrevented).toBe(true);
    expect(kernel.asked.at(-1)).toEqual({
      msgType: 'qmode_request',
      channel: 'control',
      content: detail
    });
  });

  it('is not waited for without an end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    try {
      const { kernel } = jupyter();
      kernel.opens(whole({ runtime: 'here2' }));
      kernel.answers = () => null;
      const heard = vi.fn();
      document.body.addEventListener('qmode:answer', heard, { once: true });
      document.body.dispatchEvent(
        new CustomEvent('qmode:action', {
          bubbles: true,
          cancelable: true,
          detail: { runtime: 'here2', action: 'close', id: 'w1' }
        })
      );
      await vi.advanceTimersByTimeAsync(5000);
      expect(heard.mock.calls[0]![0].detail).toMatchObject({
        ok: false,
        error: 'The kernel did not answer within 5 s.'
      });
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('the panel', () => {
  it('is drawn when it is shown, and acts on the notebook', async () => {
    const { kernel, added, app, panel } = jupyter();
    kernel.opens();
    app.commands.execute('qmode:show');
    kernel.says('comm_msg', { comm_id: 'c1', data: delta(1) });
    await drawn();
    const find = (word: string) =>
      [...added.right!.node.querySelectorAll('button')].find(node => node.textContent === word)!;
    expect(added.right!.node.textContent).toMatch('session vqe');
    find('Timeline').click();
    expect(panel.content.ran).toEqual(['%qmode timeline w1']);
    app.commands.execute('qmode:close-all');
    find('Close 1 workload').click();
    expect(kernel.asked.at(-1)!.content).toEqual({
      runtime: 'aaaa1111',
      action: 'close',
      id: 'w1'
    });
  });
});

describe('cells', () => {
  it('of a mode come with one that loads the extension, when nothing does', () => {
    const { app, panel } = jupyter({ sources: ['1 + 1'] });
    app.commands.execute('qmode:insert-session');
    const [, load, session] = panel.content.sources();
    expect(load).toBe('%load_ext qmode_jupyter');
    expect(session).toMatch(/^%%qsession\n/);
    expect(panel.content.ran).toEqual([load]);
    expect(panel.content.mode).toBe('edit');
  });

  it('come alone when it is loaded, or a cell does that', () => {
    const loaded = jupyter();
    loaded.kernel.opens();
    loaded.app.commands.execute('qmode:insert-batch');
    expect(loaded.panel.content.sources().map(one => one.split('\n')[0])).toEqual([
      '1 + 1',
      '%%qbatch'
    ]);
    const said = jupyter({ sources: ['%load_ext qmode_jupyter'] });
    said.app.commands.execute('qmode:insert-batch');
    expect(said.panel.content.sources()).toHaveLength(2);
  });

  it('use an empty one, and leave a read-only notebook alone', () => {
    const { kernel, app, panel } = jupyter({ sources: [''] });
    kernel.opens();
    app.commands.execute('qmode:insert-session');
    expect(panel.content.sources()).toHaveLength(1);
    panel.content.readOnly = true;
    app.commands.execute('qmode:insert-session');
    expect(panel.content.sources()).toHaveLength(1);
  });

  it('need a notebook', () => {
    const { commands, tracker } = jupyter();
    tracker.currentWidget = null;
    expect(commands.get('qmode:insert-session')!.isEnabled!()).toBe(false);
    expect(commands.get('qmode:close-all')!.isEnabled!()).toBe(false);
  });
});
