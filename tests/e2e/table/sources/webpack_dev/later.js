export const text = "This part came later";
