import { startSqs } from "../../local/emulators/sqs.ts";
import { answerOrders } from "./child.ts";

/** The embedded queue in its own process, so that its work does not hold up what is measured. */
answerOrders(async () => ({ endpoint: (await startSqs()).endpoint }));
