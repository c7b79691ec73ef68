// The part of an anywidget model that a view uses.
globalThis.openView = async (code, snapshot, views) => {
  const listeners = {};
  globalThis.model = {
    sent: [],
    state: { snapshot },
    get: (name) => model.state[name],
    set: (name, value) => {
      model.state[name] = value;
      model.emit(`change:${name}`);
    },
    send: (message) => model.sent.push(message),
    on: (name, heard) => (listeners[name] ??= []).push(heard),
    emit: (name, value) => (listeners[name] ?? []).forEach((heard) => heard(value)),
  };
  const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
  const widget = (await import(url)).default();
  widget.initialize({ model });
  globalThis.closeView = [];
  for (let i = 0; i < views; i += 1) {
    const el = document.createElement("div");
    document.body.append(el);
    closeView.push(widget.render({ model, el }));
  }
};
