import { useCallback, useState } from 'react';

/** Width of an element in pixels, kept up to date; 0 before it is known. */
export function useMeasure(): [(element: HTMLElement | null) => (() => void) | void, number] {
  const [width, setWidth] = useState(0);
  const ref = useCallback((element: HTMLElement | null) => {
    if (element === null) {
      return;
    }
    setWidth(Math.floor(element.clientWidth));
    if (typeof ResizeObserver === 'undefined') {
      return;
    }
    const observer = new ResizeObserver(() => setWidth(Math.floor(element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return [ref, width];
}
