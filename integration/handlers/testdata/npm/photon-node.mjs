// npm: @silvia-odwyer/photon-node@0.3.4
// want: "4,3,200"
// fast
import { PhotonImage, resize, SamplingFilter } from '@silvia-odwyer/photon-node';
export async function handler() {
  const image = new PhotonImage(new Uint8Array(4 * 8 * 6).fill(200), 8, 6);
  const small = resize(image, 4, 3, SamplingFilter.Triangle);
  return { body: String([small.get_width(), small.get_height(), small.get_raw_pixels()[0]]) };
}
