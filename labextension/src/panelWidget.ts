/** The views as JupyterLab's widgets. */

import { LabIcon } from '@jupyterlab/ui-components';
import type { Message } from '@lumino/messaging';
import { Widget } from '@lumino/widgets';

import iconSource from '../style/icon.svg';
import { PanelView } from './view/panel';
import type { IPanelHost } from './view/panel';
import type { StatusItemView } from './view/statusItem';

export const icon = new LabIcon({ name: 'qmode:workloads', svgstr: iconSource });

/** The side panel. */
export class WorkloadsPanel extends Widget {
  /**
   * @param changed - called when the panel has to be drawn again.
   */
  constructor(
    host: IPanelHost,
    private readonly _changed: () => void
  ) {
    super();
    this.id = 'qmode-workloads';
    this.title.icon = icon;
    this.title.caption = 'QPU Workloads';
    this.addClass('qmode-Panel');
    this.view = new PanelView(host, _changed);
    this.node.append(this.view.node);
    this.node.setAttribute('aria-label', 'QPU workloads');
    this.node.setAttribute('role', 'region');
  }

  readonly view: PanelView;

  protected override onAfterShow(message: Message): void {
    super.onAfterShow(message);
    this._changed();
  }
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
