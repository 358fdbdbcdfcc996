import { startSqs } from "../../local/emulators/sqs.ts";
import { answerOrders } from "./answer.ts";

/** The embedded queue in a process of its own, as SQS is: its work must not hold up what is measured. */
answerOrders(async () => ({ endpoint: (await startSqs()).endpoint }));
