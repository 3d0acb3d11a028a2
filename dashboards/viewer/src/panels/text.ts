import { h } from '../dom';
import { href, interpolate } from '../links';
import { markdown } from '../markdown';
import { anchor, type Draw } from '../scene';

export const text: Draw = (scene) => {
  const content = interpolate(String(scene.panel.options?.content ?? ''), scene.state);
  const node = markdown(content, (url, children) => {
    const target = href(url, scene.state);
    return target ? anchor(scene, target, '', false, ...children) : h('span', {}, ...children);
  });
  return { node };
};
