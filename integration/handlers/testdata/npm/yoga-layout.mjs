// npm: yoga-layout@3.2.1
// want: "100,60"
// fast
// Awaits where it is loaded.
import Yoga, { Direction } from 'yoga-layout';
export const handler = async () => {
  const root = Yoga.Node.create();
  root.setWidth(100);
  root.setHeight(60);
  const child = Yoga.Node.create();
  child.setFlexGrow(1);
  root.insertChild(child, 0);
  root.calculateLayout(undefined, undefined, Direction.LTR);
  return { body: String([child.getComputedWidth(), child.getComputedHeight()]) };
};
