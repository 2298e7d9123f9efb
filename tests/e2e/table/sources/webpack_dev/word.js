export const word = "claws";
