/** @file The buttons under the pad, and their keys. */

export type Tool = 'pen' | 'eraser';
export type Action = 'undo' | 'redo' | 'clear';

export interface Tools {
  /** Marks `tool` as the one in the hand. */
  select(tool: Tool): void;
  enable(action: Action, enabled: boolean): void;
}

/** Calls `use` whenever someone presses a button or its key. */
export function createTools(use: (name: Tool | Action) => void): Tools {
  const button = (name: string) => document.querySelector<HTMLButtonElement>(`button#${name}`)!;
  for (const name of ['pen', 'eraser', 'undo', 'redo', 'clear'] as const) {
    button(name).addEventListener('click', () => use(name));
  }
  addEventListener('keydown', (event) => {
    const name = shortcut(event);
    if (!name || button(name).disabled) return;
    event.preventDefault();
    use(name);
  });
  return {
    select(tool) {
      button('pen').ariaPressed = String(tool === 'pen');
      button('eraser').ariaPressed = String(tool === 'eraser');
    },
    enable(action, enabled) {
      button(action).disabled = !enabled;
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
