import pg from "pg";

/** A connection of a rival, or to arrange and to look with. */
export async function connected(config: pg.ClientConfig): Promise<pg.Client> {
  const client = new pg.Client(config);
  await client.connect();
  return client;
}
