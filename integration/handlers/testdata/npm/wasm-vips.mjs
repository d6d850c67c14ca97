// npm: wasm-vips@0.0.19
// want: "20,PNG"
// warns: starts a worker whose file cannot be told
// Awaits where it is loaded, and starts workers on its own file.
import Vips from 'wasm-vips';
const vips = await Vips({ dynamicLibraries: [] });
export const handler = async () => {
  const image = vips.Image.black(40, 30);
  return { body: String([image.resize(0.5).width, Buffer.from(image.writeToBuffer('.png')).toString('latin1', 1, 4)]) };
};
