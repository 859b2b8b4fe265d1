import './.config/jest-setup';

// React 19's server renderer, which @grafana/ui imports, wants a MessageChannel; jsdom has none.
class MessageChannelOverTimers {
  constructor() {
    this.port1 = { onmessage: null };
    this.port2 = { postMessage: (data) => setTimeout(() => this.port1.onmessage?.({ data }), 0) };
  }
}
global.MessageChannel ??= MessageChannelOverTimers;

// A busy machine draws a page of many sections slowly.
require('@testing-library/react').configure({ asyncUtilTimeout: 15_000 });

// Widths of texts are measured on a canvas; jsdom has none.
HTMLCanvasElement.prototype.getContext = () => ({ measureText: (text) => ({ width: 8 * text.length }) });
