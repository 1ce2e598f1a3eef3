import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

import { expect, it } from 'vitest';

const STYLE = join(import.meta.dirname, '../../style');
const css = readdirSync(STYLE)
  .filter(name => name.endsWith('.css'))
  .map(name => readFileSync(join(STYLE, name), 'utf8'))
  .join('\n');

it('uses no colour that it does not declare', () => {
  const declared = new Set([...css.matchAll(/(--qmode-[\w-]+):/g)].map(([, name]) => name));
  declared.add('--qmode-most'); // the list of jobs sets it
  const used = [...css.matchAll(/var\((--qmode-[\w-]+)/g)].map(([, name]) => name);
  expect(used.length).toBeGreaterThan(100);
  expect(used.filter(name => !declared.has(name))).toEqual([]);
});
