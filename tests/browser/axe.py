"""axe-core (https://github.com/dequelabs/axe-core) on a page."""

from pathlib import Path

from playwright.sync_api import Page

# An init script: it is there before the page's content security policy, which forbids to add one.
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"

RUN = """async () => {
  const tags = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
  const { violations } = await axe.run({ runOnly: tags });
  return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`);
}"""


def accessible(page: Page) -> None:
    """Nothing against WCAG 2.2 A and AA, nor against axe's own best practices. `AXE` must be an init script."""
    assert page.evaluate(RUN) == []
