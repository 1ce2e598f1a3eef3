/** A kernel connection as the status stream sees it. */

import { KernelMessage } from '@jupyterlab/services';
import type { Kernel } from '@jupyterlab/services';
import type { TranslationBundle } from '@jupyterlab/translation';
import { Signal } from '@lumino/signaling';

import type { IAnswer, IRequest } from '../core/actions';
import { StatusStream } from './stream';
import type { IWire } from './stream';

/** The comm target that the kernel opens. */
export const TARGET = 'qmode.status';

const REQUEST = 'qmode_request';

/**
 * How long to wait for a reply, in milliseconds. After a page reload JupyterLab itself keeps messages
 * back for three seconds, so the first one gets longer.
 */
const FIND_MS = 15000;
const REQUEST_MS = 5000;

/**
 * Everything goes over the control channel, which a running cell does not block. A kernel that does
 * not know a control message never answers it: nothing waits without an end here.
 */
class KernelWire implements IWire {
  constructor(
    private readonly _kernel: Kernel.IKernelConnection,
    private readonly _trans: TranslationBundle
  ) {}

  async find(): Promise<string[]> {
    const reply = await this._ask('comm_info_request', { target_name: TARGET }, FIND_MS);
    return Object.keys((reply as { comms?: Record<string, unknown> }).comms ?? {});
  }

  async request(content: IRequest): Promise<IAnswer> {
    return (await this._ask(REQUEST, { ...content }, REQUEST_MS)) as unknown as IAnswer;
  }

  remind(comm: string): void {
    const message = KernelMessage.createMessage<KernelMessage.ICommMsgMsg<'shell'>>({
      msgType: 'comm_msg',
      channel: 'shell',
      session: this._kernel.clientId,
      username: this._kernel.username,
      content: { comm_id: comm, data: { action: 'snapshot' } }
    });
    this._kernel.sendShellMessage(message, false, true).done.catch(() => undefined);
  }

  private _ask(
    msgType: string,
    content: Record<string, unknown>,
    patienceMs: number
  ): Promise<Record<string, unknown>> {
    return new Promise((resolve, reject) => {
      // Our own type is none that JupyterLab's types list.
      const message: unknown = KernelMessage.createMessage({
        msgType,
        channel: 'control',
        session: this._kernel.clientId,
        username: this._kernel.username,
        content
      } as never);
      // Throws when the kernel is dead.
      const future = this._kernel.sendControlMessage(
        message as KernelMessage.IControlMessage,
        true,
        true
      );
      const timer = setTimeout(() => {
        const said = this._trans.__('The kernel did not answer within %1 s.', patienceMs / 1000);
        reject(new Error(said));
        future.dispose();
      }, patienceMs);
      future.onReply = reply => {
        clearTimeout(timer);
        resolve(reply.content as unknown as Record<string, unknown>);
      };
      future.done.catch(() => {
        clearTimeout(timer);
        const said = this._trans.__('The kernel was restarted or shut down before it answered.');
        reject(new Error(said));
      });
    });
  }
}

/** The status of one kernel, from the time a notebook is connected to it to the time it leaves. */
export class KernelStatus {
  constructor(
    private readonly _kernel: Kernel.IKernelConnection,
    trans: TranslationBundle
  ) {
    this.stream = new StatusStream(new KernelWire(_kernel, trans), trans);
    // Without a target, JupyterLab closes the comm as soon as the kernel opens it.
    _kernel.registerCommTarget(TARGET, this._accept);
    // Connections that don't handle comms, such as a second notebook on the kernel, see the messages too.
    _kernel.iopubMessage.connect(this._heard, this);
    _kernel.statusChanged.connect(this._statusChanged, this);
    _kernel.connectionStatusChanged.connect(this._connectionChanged, this);
    if (_kernel.connectionStatus === 'connected') {
      void this.stream.find();
    }
  }

  readonly stream: StatusStream;

  dispose(): void {
    Signal.clearData(this.stream);
    if (!this._kernel.isDisposed) {
      this._kernel.removeCommTarget(TARGET, this._accept);
      this._kernel.iopubMessage.disconnect(this._heard, this);
      this._kernel.statusChanged.disconnect(this._statusChanged, this);
      this._kernel.connectionStatusChanged.disconnect(this._connectionChanged, this);
    }
  }

  private _accept = (): void => undefined;

  private _heard(_: Kernel.IKernelConnection, message: KernelMessage.IIOPubMessage): void {
    if (KernelMessage.isCommOpenMsg(message)) {
      if (message.content.target_name === TARGET) {
        this.stream.opened(message.content.comm_id, message.content.data);
      }
    } else if (KernelMessage.isCommMsgMsg(message)) {
      this.stream.received(message.content.comm_id, message.content.data);
    } else if (KernelMessage.isCommCloseMsg(message)) {
      this.stream.closed(message.content.comm_id);
    }
  }

  private _statusChanged(_: Kernel.IKernelConnection, status: Kernel.Status): void {
    if (['restarting', 'autorestarting', 'terminating', 'dead'].includes(status)) {
      this.stream.reset();
    }
  }

  private _connectionChanged(_: Kernel.IKernelConnection, status: Kernel.ConnectionStatus): void {
    if (status === 'connected') {
      void this.stream.find();
    }
  }
}
