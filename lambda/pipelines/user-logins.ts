import { date, definePipeline, exact, ip, masked, text } from "./pipeline.ts";

/** Logins of users. */
export const userLogins = definePipeline({
  name: "user-logins",
  table: "user_logins",
  columns: {
    user_id: text({ max: 128, required: true }),
    device_type: text({ max: 32 }),
    masked_ip: masked({ from: "ip", as: ip }),
    masked_device_id: masked({ from: "device_id", as: exact("device_id") }),
    locale: text({ max: 32 }),
    // Some senders send 2 or 2.3 instead of "2.3.0". Ids stay strings: JSON numbers lose digits.
    app_version: text({ max: 32, numbers: true }),
    create_date: date({ otherwise: "sent" }),
  },
});
