/** @file The buttons under the pad, and the keys of the page. */
import { find } from './find';

export type Tool = 'pen' | 'eraser';
export type Action = 'undo' | 'redo' | 'clear';

export interface Tools {
  /** Marks `tool` as the one in the hand. */
  select(tool: Tool): void;
  enable(button: Action | 'share', enabled: boolean): void;
}

/** Calls `use` whenever someone presses a button or its key. A digit presses the model that names it. */
export function createTools(use: (name: Tool | Action) => void): Tools {
  const button = (name: string) => find<HTMLButtonElement>(`button#${name}`);
  for (const name of ['pen', 'eraser', 'undo', 'redo', 'clear'] as const) {
    button(name).addEventListener('click', () => use(name));
  }
  addEventListener('keydown', (event) => {
    const isModified = event.ctrlKey || event.metaKey || event.altKey;
    const isCharacter = event.key.length === 1 && !isModified;
    if (isCharacter && !find<HTMLInputElement>('#letters').checked) return;
    const name = shortcut(event);
    if (name && !button(name).disabled) {
      event.preventDefault();
      use(name);
    } else if (isCharacter && /[1-9]/.test(event.key)) {
      document.querySelector<HTMLElement>(`[aria-keyshortcuts='${event.key}']`)?.click();
    }
  });
  return {
    select(tool) {
      button('pen').ariaPressed = String(tool === 'pen');
      button('eraser').ariaPressed = String(tool === 'eraser');
    },
    enable(name, enabled) {
      // A button that is disabled loses the focus to nothing.
      if (!enabled && button(name) === document.activeElement) {
        find('#pad').focus({ preventScroll: true });
      }
      button(name).disabled = !enabled;
    },
  };
}
/** What a key press asks for, as desktop programs have it: Ctrl or, on a Mac, Command with Z or Y. */
export function shortcut(
  event: Pick<KeyboardEvent, 'key' | 'ctrlKey' | 'metaKey' | 'shiftKey' | 'altKey'>,
): Tool | Action | undefined {
  const key = event.key.toLowerCase();
  if (event.altKey) return undefined;
  if (event.ctrlKey || event.metaKey) {
    if (key === 'z') return event.shiftKey ? 'redo' : 'undo';
    return key === 'y' ? 'redo' : undefined;
  }
  const keys = { p: 'pen', e: 'eraser', c: 'clear', delete: 'clear', backspace: 'clear' } as const;
  return keys[key as keyof typeof keys];
}
