/**
 * @file `<ink-reader>`: a form field that one draws in, for other pages.
 *
 * ```html
 * <script type="module" src="https://…/ink-reader.js"></script>
 * <label>Your age <ink-reader name="age" required></ink-reader></label>
 * ```
 *
 * Under the pad stands what was read, and can be corrected by typing, which also serves those who do
 * not draw. Styled from outside by its `width`, `color`, `::part(pad)`, `::part(value)`, `::part(clear)`
 * and `::part(status)`.
 */
import css from './element.css?inline';
import { addStroke, blank, type Drawing, isBlank, usual } from './ink/drawing';
import { createPad } from './ink/pad';
import { latest, perFrame } from './live';
import { backendOf, MODELS, USUAL } from './models';
import { loadRecognizer, type Reading, type Recognizer } from './recognizer';
import { chooseLanguage, createLocale } from './view/i18n';

const style = new CSSStyleSheet();
style.replaceSync(css); // which a page's content security policy allows, unlike a style element

/** By address and backend: the fields of a page share one model. */
const recognizers = new Map<string, Promise<Recognizer>>();

/**
 * A form-associated element. Attributes: `name`, `required`, `disabled` as on an input, properties
 * too; `model`, the address of a model file (the released cnn where there is none); `backend`:
 * `webgpu`, `wasm` or, as anything else, `auto`. All of them may change at any time.
 *
 * Events, which bubble as an input's: `input` when the value changes, while someone draws or types;
 * `change` when the pen is up, or the typing done, and the value is another one. `error` (an ErrorEvent,
 * which does not bubble) when the model cannot be used; the field can still be typed in.
 */
export class InkReader extends HTMLElement {
  static readonly formAssociated = true;
  static readonly observedAttributes = ['required', 'model', 'backend'];

  readonly #internals = this.attachInternals();
  readonly #field = document.createElement('input');
  readonly #clear = document.createElement('button');
  readonly #status = document.createElement('p');
  readonly #announcement = document.createElement('p');
  readonly #canvas = document.createElement('canvas');
  readonly #pad = createPad(this.#canvas, {
    onDraw: (stroke) => this.#ink(addStroke(this.#drawing, stroke)),
    onEnd: (stroke) => (this.drawing = stroke ? addStroke(this.#drawing, stroke) : this.#drawing),
  });
  #drawing: Drawing = blank;
  /** With the stroke in hand. */
  #newest: Drawing = blank;
  #spoken: Drawing = blank;
  #reading: Reading | undefined;
  #recognizer: Recognizer | undefined;
  /** The backend and model asked for last. */
  #asked = '';
  #committed = '';
  /** What makes the value invalid: what the page says, or what the reading was. */
  #custom = '';
  #problem = '';
  /** The value was typed or set since anything was drawn: a reading that comes late does not count. */
  #isTyped = false;
  readonly #locale = createLocale('en');
  #unwatch = () => {};

  constructor() {
    super();
    this.#internals.role = 'group';
    this.#internals.setFormValue(''); // or a form would leave out what nobody has touched
    const [canvas, field, clear, status] = [this.#canvas, this.#field, this.#clear, this.#status];
    canvas.role = 'img';
    field.inputMode = 'numeric';
    field.pattern = '[0-9]*';
    field.autocomplete = 'off';
    clear.type = 'button';
    status.role = 'status';
    this.#announcement.className = 'unseen';
    this.#announcement.ariaLive = 'polite';
    for (const [part, element] of Object.entries({ pad: canvas, value: field, clear, status })) {
      element.part.add(part);
    }
    // A pen must not call up the keyboard of a phone, as the focus that follows it would.
    canvas.addEventListener('mousedown', (event) => event.preventDefault());
    // The field's own input event passes on as this element's; a change event stays inside.
    field.addEventListener('input', () => {
      this.#isTyped = true;
      this.#put(field.value);
    });
    field.addEventListener('change', () => this.#commit());
    field.addEventListener('keydown', ({ key }) => {
      if (key === 'Enter') this.#submit();
    });
    clear.addEventListener('click', () => {
      this.drawing = blank;
      this.#change('');
      this.#commit();
    });
    const shadow = this.attachShadow({ mode: 'open', delegatesFocus: true });
    shadow.adoptedStyleSheets = [style];
    shadow.append(canvas, field, clear, status, this.#announcement);
  }

  /** The digits; '' if nothing was read, or nothing that is surely digits. Setting another clears the pad. */
  get value(): string {
    return this.#field.value;
  }
  set value(text: string) {
    const before = this.value;
    this.#field.value = text; // which makes a text of anything: '' of null
    // Frameworks write back, at each `input`, what they were just told: the ink stays.
    if (this.value !== before) this.#set();
  }

  /** The field holds a value that nobody drew. */
  #set(): void {
    this.#isTyped = true;
    this.#drawing = blank;
    this.#pad.show(blank);
    this.#reading = undefined;
    this.#put((this.#committed = this.value));
  }

  /** What is drawn, on the usual canvas; setting it reads it, with events. */
  get drawing(): Drawing {
    return this.#drawing;
  }
  set drawing(drawing: Drawing) {
    this.#drawing = usual(drawing); // which the pen's width is made for
    this.#pad.show(this.#drawing);
    this.#ink(this.#drawing);
  }

  /** The last reading of what is drawn, digit by digit with probabilities. */
  get reading(): Reading | undefined {
    return this.#reading;
  }

  get name(): string {
    return this.getAttribute('name') ?? '';
  }
  set name(name: string) {
    this.setAttribute('name', name);
  }
  get required(): boolean {
    return this.hasAttribute('required');
  }
  set required(isRequired: boolean) {
    this.toggleAttribute('required', Boolean(isRequired)); // undefined would toggle it
  }
  get disabled(): boolean {
    return this.hasAttribute('disabled');
  }
  set disabled(isDisabled: boolean) {
    this.toggleAttribute('disabled', Boolean(isDisabled));
  }
  get type(): string {
    return this.localName;
  }
  get form(): HTMLFormElement | null {
    return this.#internals.form;
  }
  get labels(): NodeList {
    return this.#internals.labels;
  }
  get willValidate(): boolean {
    return this.#internals.willValidate;
  }
  get validity(): ValidityState {
    return this.#internals.validity;
  }
  get validationMessage(): string {
    return this.#internals.validationMessage;
  }
  checkValidity(): boolean {
    return this.#internals.checkValidity();
  }
  reportValidity(): boolean {
    return this.#internals.reportValidity();
  }
  /** As on an input: the value is invalid, whatever becomes of it, until this is called with ''. */
  setCustomValidity(message: string): void {
    this.#custom = message;
    this.#validate();
  }

  connectedCallback(): void {
    // The nearest `lang`, which may be outside of the shadow tree that the element is in.
    const language = ['en', 'fr'].find((tag) => this.matches(`:lang(${tag})`)) ?? null;
    const { say, use } = this.#locale;
    use(chooseLanguage(language, navigator.languages));
    this.#canvas.ariaLabel = say('Drawing surface');
    this.#field.ariaLabel = say('Reading');
    this.#clear.textContent = say('Clear');
    this.#unwatch = this.#pad.watch();
    // What a page set before there was this class would hide the accessors for good.
    for (const name of ['name', 'required', 'disabled', 'value', 'drawing']) {
      const own = Object.getOwnPropertyDescriptor(this, name);
      if (own && Reflect.deleteProperty(this, name)) Reflect.set(this, name, own.value);
    }
    if (!this.#recognizer) void this.#load();
  }

  disconnectedCallback(): void {
    this.#unwatch(); // or the page would keep the element
    this.#pad.end();
  }

  attributeChangedCallback(name: string): void {
    if (name === 'required') {
      this.#field.required = this.hasAttribute(name);
      this.#validate();
    } else {
      const wasAsked = this.#asked !== '';
      this.#asked = ''; // what is being loaded is wanted no more
      this.#recognizer = undefined;
      if (wasAsked && this.isConnected) void this.#load();
    }
  }
  formResetCallback(): void {
    this.#field.value = '';
    this.#set();
  }
  formDisabledCallback(isDisabled: boolean): void {
    this.#field.disabled = this.#clear.disabled = isDisabled;
    this.#validate();
  }
  formStateRestoreCallback(state: string): void {
    this.value = state;
  }

  async #load(): Promise<void> {
    const url = this.getAttribute('model') ?? MODELS[USUAL]!;
    const backend = backendOf(this.getAttribute('backend'));
    const key = (this.#asked = `${backend} ${url}`);
    if (!recognizers.has(key)) recognizers.set(key, loadRecognizer(url, { backend }));
    try {
      const recognizer = await recognizers.get(key)!;
      if (key !== this.#asked) return; // another is asked for meanwhile
      this.#recognizer = recognizer;
      this.#status.textContent = '';
      this.#read(this.#drawing);
    } catch (error) {
      recognizers.delete(key); // another field may try again
      if (key === this.#asked) this.#refuse(error);
    }
  }

  #refuse(error: unknown): void {
    this.#recognizer = undefined;
    const { message } = error as Error;
    this.#status.textContent = this.#locale.explain(error);
    this.dispatchEvent(new ErrorEvent('error', { error, message }));
  }

  #ink(drawing: Drawing): void {
    this.#isTyped = false;
    this.#newest = drawing;
    this.#read(drawing);
  }

  // At most once a frame, one reading in flight, and the newest ink wins.
  readonly #read = perFrame(
    latest(async (drawing: Drawing) => {
      const [recognizer, key] = [this.#recognizer, this.#asked];
      const reading = await recognizer?.read(drawing).catch((error: unknown) => {
        if (recognizer !== this.#recognizer) return; // another reads meanwhile
        recognizers.delete(key);
        this.#refuse(error);
        if (this.#isTyped) return;
        this.#change('');
        if (drawing === this.#drawing) this.#commit();
      });
      if (!reading || this.#isTyped || (isBlank(this.#newest) && drawing !== this.#newest)) return;
      this.#reading = reading;
      const { say } = this.#locale;
      const isSure = reading.digits.every(({ sure }) => sure);
      this.#change(isSure ? reading.text : '', isSure ? '' : say('Not sure'));
      if (drawing !== this.#drawing) return;
      this.#commit();
      // Once for each drawing: not while the pen is down, nor when another backend reads it.
      if (drawing === this.#spoken) return;
      this.#spoken = drawing;
      this.#announcement.textContent = isSure
        ? reading.text || say('Nothing to read')
        : say('Not sure');
    }),
    () => this.#reading?.ms,
  );

  #change(value: string, problem = ''): void {
    const isNew = value !== this.value;
    this.#put(value, problem);
    if (isNew) this.dispatchEvent(new InputEvent('input', { bubbles: true, composed: true }));
  }

  /** Shows the value and gives it to the form; what makes it invalid is the inner field's to say. */
  #put(value: string, problem = ''): void {
    if (this.#field.value !== value) this.#field.value = value; // which would move the cursor
    this.#field.placeholder = problem && '?';
    this.#problem = problem;
    this.#internals.setFormValue(value);
    this.#validate();
  }

  #validate(): void {
    this.#field.setCustomValidity(this.#custom || this.#problem);
    const { validity, validationMessage } = this.#field;
    // A field that is disabled has nothing to say, and without words nothing may be invalid.
    this.#internals.setValidity(validationMessage ? validity : {}, validationMessage, this.#field);
  }

  /** What Enter does in an input: the form's first submit button is pressed, unless it is disabled. */
  #submit(): void {
    this.#commit();
    const buttons = [...(this.form?.elements ?? [])] as HTMLButtonElement[];
    const button = buttons.find(({ type }) => type === 'submit');
    if (button) button.click();
    else this.form?.requestSubmit();
  }

  #commit(): void {
    if (this.value === this.#committed) return;
    this.#committed = this.value;
    this.dispatchEvent(new Event('change', { bubbles: true }));
  }
}

customElements.define('ink-reader', InkReader);

declare global {
  interface HTMLElementTagNameMap {
    'ink-reader': InkReader;
  }
}
