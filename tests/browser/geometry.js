// Returns what overlaps, is cut off, or leaves the page; `mayScroll` selects what may scroll within itself.
(mayScroll) => {
    const found = [];
    const name = (one) => `${one.tagName.toLowerCase()} '${(one.innerText || one.getAttribute('aria-label') || '').trim().slice(0, 40)}'`;
    const root = document.documentElement;
    if (root.scrollWidth > window.innerWidth) found.push(`the page is ${root.scrollWidth} wide in ${window.innerWidth}`);
    const visible = (one) => one.checkVisibility({ opacityProperty: true, visibilityProperty: true });
    for (const one of document.querySelectorAll('body *')) {
        if (!visible(one) || one.closest('svg, canvas, [class*=visuallyHidden], [class*=VisuallyHidden], [class*=ScrollArea-scrollbar]')) continue;
        const style = getComputedStyle(one);
        const clips = (axis) => ['hidden', 'clip', 'auto', 'scroll'].includes(style[`overflow${axis}`]);
        if (one.clientWidth > 1 && clips('X') && one.scrollWidth > one.clientWidth + 1 && !one.closest(mayScroll)) {
            const told = style.textOverflow === 'ellipsis' && (one.title || one.closest('[title]'));
            if (!told) found.push(`${name(one)} is cut: ${one.scrollWidth} in ${one.clientWidth}`);
        }
        if (one.clientHeight > 1 && style.overflowY === 'hidden' && one.scrollHeight > one.clientHeight + 1
            && !one.closest('[role=table], [role=dialog] *'))
            found.push(`${name(one)} is cut below: ${one.scrollHeight} in ${one.clientHeight}`);
    }
    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const parent = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || !parent || !visible(parent)) continue;
        if (parent.closest('[role=table], noscript, [role=tooltip]')) continue;
        const above = [];
        for (let one = parent; one; one = one.parentElement) above.push([one, getComputedStyle(one)]);
        if (above.some(([, style]) => ['fixed', 'sticky'].includes(style.position))) continue;
        const windows = above.filter(([, style]) => style.overflowY !== 'visible').map(([one]) => one.getBoundingClientRect());
        const seen = (box) => windows.every((edge) => box.top >= edge.top - 1 && box.bottom <= edge.bottom + 1);
        const range = document.createRange();
        range.selectNodeContents(walker.currentNode);
        for (const box of range.getClientRects())
            if (box.width > 1 && box.height > 1 && seen(box)) texts.push({ box, parent, text: walker.currentNode.textContent.trim() });
    }
    for (const { box, parent, text } of texts) {
        if (parent.closest(mayScroll) || box.right < 0) continue; // the skip link waits to the left for the focus
        if (box.right > window.innerWidth + 1 || box.left < -1) found.push(`'${text}' leaves the page`);
        const card = parent.closest('section');
        const edge = card && card.getBoundingClientRect();
        if (edge && (box.right > edge.right + 1 || box.bottom > edge.bottom + 1)) found.push(`'${text}' leaves its card`);
    }
    texts.forEach((one, at) => {
        for (const other of texts.slice(at + 1)) {
            if (one.parent === other.parent) continue;
            const wide = Math.min(one.box.right, other.box.right) - Math.max(one.box.left, other.box.left);
            const high = Math.min(one.box.bottom, other.box.bottom) - Math.max(one.box.top, other.box.top);
            if (wide > 2 && high > 4) found.push(`'${one.text}' lies over '${other.text}'`);
        }
    });
    const boxes = [...document.querySelectorAll('main section')].map((one) => one.getBoundingClientRect());
    boxes.forEach((one, at) => boxes.slice(at + 1).forEach((other) => {
        const wide = Math.min(one.right, other.right) - Math.max(one.left, other.left);
        const high = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
        if (wide > 1 && high > 1) found.push(`cards overlap at ${one.top}`);
    }));
    return [...new Set(found)];
}
