// npm: sanitize-html@2.17.5
// want: "<b>a</b>"
import sanitize from 'sanitize-html';
export const handler = async () => ({ body: String(sanitize('<b onclick=x>a</b><script>y</script>')) });
