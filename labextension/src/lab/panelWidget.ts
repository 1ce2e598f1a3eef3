/** The views as JupyterLab's widgets. */

import type { TranslationBundle } from '@jupyterlab/translation';
import { LabIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Signal } from '@lumino/signaling';
import type { ISignal } from '@lumino/signaling';
import { Widget } from '@lumino/widgets';

import iconSource from '../../style/icon.svg';
import { PanelView } from './panel';
import type { StatusItemView } from './statusItem';

export const icon = new LabIcon({ name: 'qmode:workloads', svgstr: iconSource });

/** The side panel. */
export class WorkloadsPanel extends Widget {
  constructor(
    readonly view: PanelView,
    trans: TranslationBundle
  ) {
    super();
    this.id = 'qmode-workloads';
    this.title.icon = icon;
    this.title.caption = trans.__('QPU Workloads');
    this.addClass('qmode');
    this.addClass('qmode-Panel');
    this.node.append(this.view.node);
    this.node.setAttribute('aria-label', trans.__('QPU workloads'));
    this.node.setAttribute('role', 'region');
  }

  /** Emitted when the panel has come into sight. */
  get shown(): ISignal<this, void> {
    return this._shown;
  }

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._shown.emit();
  }

  private _shown = new Signal<this, void>(this);
}

/** The status item. */
export class StatusItem extends Widget {
  constructor(readonly view: StatusItemView) {
    super({ node: document.createElement('div') });
    this.id = 'qmode-status';
    this.addClass('qmode-StatusItem-holder');
    this.node.append(view.node);
  }
}
