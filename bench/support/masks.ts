import { deriveKeys, type MaskKeys, masterKeyFromSecret } from "../../lambda/masking/keys.ts";
import { hmacTokenizer } from "../../lambda/masking/tokens.ts";
import { identifiersOf } from "../../lambda/pipelines/pipeline.ts";
import { userLogins } from "../../lambda/pipelines/user-logins.ts";

/** The secret of every measurement; nothing that it masks is anybody's. */
export const SECRET = Buffer.alloc(32, 7);

export const masterKey = masterKeyFromSecret(SECRET);

export const maskKeys: MaskKeys = await deriveKeys(masterKey, identifiersOf(userLogins), userLogins.domain);

export const tokenize = hmacTokenizer(maskKeys);
