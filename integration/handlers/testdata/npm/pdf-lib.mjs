// npm: pdf-lib@1.17.1
// want: "%PDF-"
import { PDFDocument } from 'pdf-lib';
export const handler = async () => {
  const doc = await PDFDocument.create();
  doc.addPage([100, 50]);
  return { body: Buffer.from(await doc.save()).toString('latin1', 0, 5) };
};
