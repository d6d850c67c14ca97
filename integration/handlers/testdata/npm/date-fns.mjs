// npm: date-fns@4.4.0
// want: "1970-01-02T00:00:00.000Z"
import { addDays, formatISO } from 'date-fns';
export const handler = async () => ({ body: String(addDays(new Date(0), 1).toISOString()) });
