// npm: imagescript@1.3.1
// want: "8,PNG"
// warns: brings native libraries, which are not in the bundle
import { Image } from 'imagescript';
export const handler = async () => {
  const image = new Image(8, 6);
  image.fill(0xff0000ff);
  return { body: String([image.width, Buffer.from(await image.encode()).toString('latin1', 1, 4)]) };
};
