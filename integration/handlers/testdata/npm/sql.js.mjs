// npm: sql.js@1.17.0
// want: "42"
// fast
import initSqlJs from 'sql.js';
export const handler = async () => {
  const SQL = await initSqlJs();
  const db = new SQL.Database();
  return { body: String(db.exec('select 6 * 7')[0].values[0][0]) };
};
