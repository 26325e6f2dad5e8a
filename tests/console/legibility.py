"""Legibility of a page: texts that overlap or are cut off, and elements with too little contrast."""

import base64
from typing import Any

from playwright.sync_api import Page as BrowserPage

LAYOUT = """
() => {
  const wrong = [], boxes = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const said = (node) => node.textContent.trim().replace(/\\s+/g, " ").slice(0, 40);
  const held = (one) => one.closest("svg, textarea, select, .scroll, .board, .many, dialog:not([open])");
  const hidden = (one) => one.closest(".govuk-visually-hidden, script, .govuk-skip-link, caption, [hidden]");
  while (walker.nextNode()) {
    const node = walker.currentNode, parent = node.parentElement;
    if (!node.textContent.trim() || hidden(parent) || !parent.checkVisibility()) continue;
    const range = document.createRange();
    range.selectNodeContents(node);
    for (const rect of range.getClientRects()) {
      if (rect.width < 2 || rect.height < 2) continue;
      const cut = rect.left < -1 || rect.right > innerWidth + 1;
      if (cut && !held(parent)) wrong.push(`is outside the window: ${said(node)}`);
      boxes.push({ node, parent, rect });
    }
  }
  boxes.sort((a, b) => a.rect.top - b.rect.top);
  boxes.forEach((a, at) => {
    for (let next = at + 1; next < boxes.length && boxes[next].rect.top < a.rect.bottom; next++) {
      const b = boxes[next];
      if (a.node === b.node || held(a.parent) !== held(b.parent)) continue;
      const wide = Math.min(a.rect.right, b.rect.right) - Math.max(a.rect.left, b.rect.left);
      const high = Math.min(a.rect.bottom, b.rect.bottom) - Math.max(a.rect.top, b.rect.top);
      // Lines of one paragraph may touch: their boxes are higher than their letters.
      if (wide > 2 && high > 0.4 * Math.min(a.rect.height, b.rect.height)) {
        wrong.push(`overlap: ${said(a.node)} / ${said(b.node)}`);
      }
    }
  });
  for (const one of document.querySelectorAll("body *")) {
    const style = getComputedStyle(one);
    if (!["hidden", "clip"].includes(style.overflowX) || hidden(one) || one.closest("svg, select, input")) continue;
    if (one.scrollWidth > one.clientWidth + 1) wrong.push(`is cut off: ${said(one)}`);
  }
  const root = document.documentElement;
  if (root.scrollWidth > root.clientWidth) wrong.push(`is ${root.scrollWidth - root.clientWidth} px too wide`);
  return [...new Set(wrong)].slice(0, 5);
}
"""

DRAWN = """
() => [...document.querySelectorAll(
  "svg text, progress.share, .govuk-tag, .govuk-checkboxes__input, .govuk-radios__input, .govuk-input, .govuk-button"
)].filter((one) => one.checkVisibility() && !(one.matches("progress") && one.position <= 0.02)).map((one) => {
  const rect = one.getBoundingClientRect(), inset = one.matches("progress") ? 3 : 0;
  const part = one.closest(".scroll, .many, .board")?.getBoundingClientRect() ?? document.body.getBoundingClientRect();
  const left = Math.max(rect.left + inset, part.left), right = Math.min(rect.right - inset, part.right);
  return {
    what: (one.textContent.trim() || one.outerHTML).slice(0, 60),
    x: Math.floor(left + scrollX), y: Math.floor(rect.top + inset + scrollY),
    width: Math.ceil(right - left), height: rect.bottom > part.bottom ? 0 : Math.ceil(rect.height - 2 * inset),
    full: one.matches("progress") && one.position > 0.98,
  };
}).filter((one) => one.width > 4 && one.height > 4)
"""

CONTRASTS = """
async ([png, boxes]) => {
  const image = await createImageBitmap(await (await fetch("data:image/png;base64," + png)).blob());
  const canvas = new OffscreenCanvas(image.width, image.height);
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  const part = (value) => (value /= 255) <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  return boxes.filter((box) => {
    // What is full is compared with what is around it.
    const around = box.full ? 6 : 0;
    const x = Math.max(0, box.x - around), y = Math.max(0, box.y - around);
    const pixels = context.getImageData(x, y, box.width + 2 * around, box.height + 2 * around).data;
    let least = 1, most = 0;
    for (let at = 0; at < pixels.length; at += 4) {
      const light = 0.2126 * part(pixels[at]) + 0.7152 * part(pixels[at + 1]) + 0.0722 * part(pixels[at + 2]);
      least = Math.min(least, light);
      most = Math.max(most, light);
    }
    return (most + 0.05) / (least + 0.05) < 3;
  }).map((box) => box.what);
}
"""


def misplaced(page: BrowserPage) -> list[str]:
    """Return texts that overlap, are cut off or are outside the window, except in parts that scroll by themselves."""
    found: list[str] = page.evaluate(LAYOUT)
    return found


def unseen(page: BrowserPage) -> list[str]:
    """Return numbers in pictures, bars, tags, boxes to tick and buttons whose colours have a contrast below 3:1."""
    drawn: list[dict[str, Any]] = page.evaluate(DRAWN)
    if not drawn:
        return []
    picture = base64.b64encode(page.screenshot(full_page=True)).decode()
    eye = page.context.new_page()
    try:
        found: list[str] = eye.evaluate(CONTRASTS, [picture, drawn])
    finally:
        eye.close()
    return found
