// npm: semver@7.8.6
// want: "true"
import semver from 'semver';
export const handler = async () => ({ body: String(semver.satisfies('1.2.3', '^1.0.0')) });
