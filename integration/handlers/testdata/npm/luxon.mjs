// npm: luxon@3.7.2
// want: "01:00"
import { DateTime } from 'luxon';
export const handler = async () => ({ body: String(DateTime.fromMillis(0, { zone: 'Europe/Berlin' }).toFormat('HH:mm')) });
