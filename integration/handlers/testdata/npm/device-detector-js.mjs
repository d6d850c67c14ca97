// npm: device-detector-js@3.0.3
// want: "Apple"
import DeviceDetector from 'device-detector-js';
export const handler = async () => ({ body: String(new DeviceDetector().parse('Mozilla/5.0 (iPhone; CPU iPhone OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/16.0 Mobile/15E148 Safari/604.1').device.brand) });
