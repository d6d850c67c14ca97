// npm: i18next@26.7.2
// want: "Hallo Welt"
import i18next from 'i18next';
export const handler = async () => ({ body: String((await i18next.init({ lng: 'de', resources: { de: { translation: { a: 'Hallo {{n}}' } } } }), i18next.t('a', { n: 'Welt' }))) });
